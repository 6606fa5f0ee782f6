"""The power goes under load: the disk is copied at one moment, as it is, and another weir starts on
the copy. What was answered with 2xx before that moment is on the copy, or in the receiver's hands.

It keeps all that the file system had written by then, so it finds an fsync that weir leaves out, and
not what a disk's own cache may lose; for that see the unit test of the spool with a simulated disk.
"""

import shutil

from loads import await_running, pause
from oracle import Oracle
from receivers import Receiver
from router import Router
from snapshot_disk import SnapshotDisk
from spooling import BurstClient, configuration, end, judge, payloads

RATE = 2000  # Of each of two clients.
NOBODY = 1   # A port at which nobody listens.


class FreezingOracle(Oracle):
    """Takes no acknowledgement any more after freeze()."""

    def __init__(self, events):
        super().__init__(events)
        self.is_frozen = False

    def freeze(self):
        """From now on nothing has to be delivered that did not have to before."""
        self.is_frozen = True

    def acknowledge(self, stream, first, count):
        if not self.is_frozen:
            super().acknowledge(stream, first, count)


def run(context):
    figures = context.figures()
    disk = SnapshotDisk(context.folder)
    try:
        for i in range(context.trials(3, 1000)):
            cut_once(context, disk, i, figures)
            if figures.problems:
                break
    finally:
        disk.close()
    return figures


def cut_once(context, disk, i, figures):
    """Load on one weir, the cut, and the drain of the one after it."""
    oracle = FreezingOracle(payloads(context.seed + i))
    folder = context.folder / f"trial{i}"
    folder.mkdir()
    before = Receiver(folder / "before.ndjson")
    after = Receiver(folder / "after.ndjson")
    before.start()
    after.start()
    # In every other trial nobody takes anything: then all is in the spool.
    port = before.port if i % 2 else NOBODY
    with Router(context.weir, folder / "first", yaml(port, disk.now)) as first:
        first.start()
        clients = [BurstClient(oracle, lambda: first.address("in"), RATE, context.seed + 2 * i + k)
                   for k in range(2)]
        for client in clients:
            client.start()
        pause(context, 0.05, 0.8)
        figures.trials += 1
        figures.invalid_trials += not await_running(clients)
        oracle.freeze()
        disk.cut_power()
        figures.faults += 1
        first.kill()
        for client in clients:
            client.stop()
    before.close()
    disk.mount_copy()
    with Router(context.weir, folder / "second", yaml(after.port, disk.then)) as second:
        figures.recovery_seconds.append(second.start())
        end(second, figures)
    after.close()
    judge(figures, oracle, [before.path, after.path], [disk.then / "out.ndjson"])
    disk.drop_copy()
    shutil.rmtree(disk.now / "data")
    (disk.now / "out.ndjson").unlink(missing_ok=True)
    shutil.rmtree(folder)


def yaml(port, disk):
    """A configuration with all files on a disk."""
    return configuration(port, data=str(disk / "data"), out=str(disk))
