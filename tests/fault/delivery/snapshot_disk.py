"""A disk whose power can be cut: an ext4 in an image that lies on an XFS, of which a copy is made at
one moment (reflink). The copy holds what ext4 had sent to its disk by then, and nothing else."""

import os
import shutil
import subprocess

from report import Skipped

OUTER_BYTES = 3 << 30
INNER_BYTES = 256 << 20


class SnapshotDisk:
    """Mounted at `now`; at `then` a copy of it, after cut_power()."""

    def __init__(self, folder):
        needed = ("mkfs.xfs", "mkfs.ext4", "losetup", "mount")
        path = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"
        missing = [name for name in needed if shutil.which(name, path=path) is None]
        if os.geteuid() != 0 or missing:
            raise Skipped(f"power can be cut by root only, with {', '.join(missing or needed)}")
        self._environment = {"PATH": path}
        self.now = folder / "now"
        self.then = folder / "then"
        self._outer = folder / "outer"
        self._image = self._outer / "disk"
        self._copy = self._outer / "copy"
        self._devices = {}  # By mount point.
        for each in (self.now, self.then, self._outer):
            each.mkdir()
        outer_image = folder / "outer.image"
        make_file(outer_image, OUTER_BYTES)
        try:
            self._run("mkfs.xfs", "-q", "-m", "reflink=1", outer_image)
            self._mount(outer_image, self._outer)
            make_file(self._image, INNER_BYTES)
            self._run("mkfs.ext4", "-q", "-b", "4096", self._image)
            self._mount(self._image, self.now)
        except subprocess.CalledProcessError as error:
            self.close()
            raise Skipped(f"no disk can be made: {error.stderr.decode().strip()}") from error

    def cut_power(self):
        """What is at `then` is what a power cut at this moment leaves of `now`."""
        self._run("cp", "--reflink=always", self._image, self._copy)

    def mount_copy(self):
        """As the next boot does."""
        self._mount(self._copy, self.then)

    def drop_copy(self):
        """Before the next power cut."""
        self._unmount(self.then)
        self._copy.unlink()

    def close(self):
        """Takes all of it away."""
        for path in reversed(list(self._devices)):
            self._unmount(path)

    def _run(self, *words):
        return subprocess.run([str(word) for word in words], capture_output=True, check=True,
                              env=self._environment).stdout.decode()

    def _mount(self, image, path):
        # Without direct I/O the image's own page cache would hold what the disk does not.
        device = self._run("losetup", "--direct-io=on", "--find", "--show", image).strip()
        self._devices[path] = device
        self._run("mount", device, path)

    def _unmount(self, path):
        device = self._devices.pop(path)
        subprocess.run(["umount", path], check=False, env=self._environment,
                       capture_output=True)
        subprocess.run(["losetup", "--detach", device], check=False, env=self._environment,
                       capture_output=True)


def make_file(path, size):
    """Of zeros that take up no place."""
    with open(path, "wb") as file:
        file.truncate(size)
