"""The disk of the spool is full, again and again: weir goes on running, answers that it takes no more,
loses nothing that it has taken, and takes events again once there is room, without a restart."""

import os
import subprocess
import time

from oracle import Oracle
from receivers import Receiver
from report import Skipped, percentile
from router import Router
from spooling import BurstClient, configuration, drained, end, judge, payloads
from waiting import await_true

RATE = 20_000  # Of each of two clients: they are to fill it soon.
DISK_BYTES = 64 << 20
BALLAST_BYTES = 48 << 20
SECOND_BALLAST_BYTES = 8 << 20  # To be deleted, where that is what makes room.
FULL_SECONDS_MAX = 60
HOLD_SECONDS = 1
RESUME_SECONDS_MAX = 2
GIVE_BACK_SECONDS_MAX = 10


class SmallDisk:
    """A tmpfs."""

    def __init__(self, path):
        self.path = path
        path.mkdir()
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES}", "none", path],
                              capture_output=True, check=False)
        if done.returncode != 0:
            raise Skipped(f"no small disk can be mounted: {done.stderr.decode().strip()}")

    def fill(self, name, size):
        """A file that is only in the way."""
        with open(self.path / name, "wb") as file:
            os.posix_fallocate(file.fileno(), 0, size)

    def free(self):
        """Bytes."""
        status = os.statvfs(self.path)
        return status.f_bavail * status.f_frsize

    def close(self):
        """Takes it away."""
        subprocess.run(["umount", self.path], check=False)


def run(context):
    figures = context.figures()
    if os.geteuid() != 0:
        raise Skipped("a small disk can only be mounted by root")
    disk = SmallDisk(context.folder / "small")
    oracle = Oracle(payloads(context.seed))
    receiver = Receiver(context.folder / "received.ndjson")
    receiver.start()
    yaml = configuration(receiver.port, data=str(disk.path / "data")).replace(
        "?ack=durable", "?ack=durable&ack_timeout=1s")
    resumed = []
    try:
        disk.fill("ballast", BALLAST_BYTES)
        with Router(context.weir, context.folder, yaml) as router:
            router.start()
            for i in range(context.trials(3, 100)):
                resumed.append(fill_once(context, router, disk, receiver, oracle, figures, i))
                figures.check(router.process.poll() is None, "weir has ended")
            end(router, figures)
        receiver.close()
        judge(figures, oracle, [receiver.path], [context.folder / "out.ndjson"])
    finally:
        disk.close()
    resumed.sort()
    figures.more["seconds_until_it_takes_again"] = {
        "p50": percentile(resumed, 0.5), "p99": percentile(resumed, 0.99), "max": resumed[-1]}
    return figures


def fill_once(context, router, disk, receiver, oracle, figures, i):
    """Fills the disk, holds, makes room; the seconds until events were taken again."""
    by_deleting = i % 2 == 1
    # What is delivered is deleted soon afterwards.
    await_true(lambda: disk.free() > SECOND_BALLAST_BYTES + (4 << 20), GIVE_BACK_SECONDS_MAX,
               "the space of what was delivered")
    disk.fill("second", SECOND_BALLAST_BYTES)
    receiver.present.clear()
    clients = [BurstClient(oracle, lambda: router.address("in"), RATE, context.seed + 2 * i + k)
               for k in range(2)]
    for client in clients:
        client.start()
    await_true(lambda: sum(client.refused for client in clients) >= 2, FULL_SECONDS_MAX,
               "an answer other than 2xx of a router whose disk is full")
    time.sleep(HOLD_SECONDS)  # It is the fault.
    figures.trials += 1
    figures.faults += 1
    figures.more["refused"] = figures.more.get("refused", 0) + sum(c.refused for c in clients)
    before = sum(client.sent for client in clients)
    begun = time.monotonic()
    if by_deleting:
        (disk.path / "second").unlink()
    else:
        receiver.present.set()
    await_true(lambda: sum(client.sent for client in clients) > before, FULL_SECONDS_MAX,
               "the first event after there was room again")
    seconds = time.monotonic() - begun
    figures.check_speed(context, seconds <= RESUME_SECONDS_MAX,
                        f"it took {seconds:.1f} s until events were taken again")
    receiver.present.set()
    for client in clients:
        client.stop()
    figures.check(drained(router), "not everything was delivered")
    (disk.path / "second").unlink(missing_ok=True)
    return seconds
