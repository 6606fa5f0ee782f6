"""Networks that fail, in a network namespace of the tests' own: packets that vanish, connections
that are reset. Needs the right to make one, and nft.
"""

import contextlib
import ctypes
import os
import shutil
import subprocess
import time

from errors import Missing
from produce_tests import IMPATIENT, RATE, clean

CLONE_NEWNET = 0x40000000


def enter_namespace():
    """From here on this process and those that it starts are alone on a loopback of their own."""
    for tool in ("nft", "ip"):
        if shutil.which(tool) is None:
            raise Missing(f"{tool} is not installed")
    if ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWNET) != 0:
        raise Missing(f"no network namespace may be made: {os.strerror(ctypes.get_errno())}")
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)


@contextlib.contextmanager
def broken(port, verdict):
    """Packets to the port meet that verdict."""
    def nft(text):
        subprocess.run(["nft", "-f", "-"], input=text, text=True, check=True)
    nft("table inet weir {\n chain out {\n  type filter hook output priority 0;\n"
        f"  tcp dport {port} {verdict}\n  tcp sport {port} drop\n }}\n}}\n")
    try:
        yield
    finally:
        nft("delete table inet weir")


def port_of(cluster):
    return cluster.bootstrap().rsplit(":", 1)[1]


def black_hole(scenario, cluster, tools):
    """Neither side hears the other, for longer than requests may take."""
    def vanish():
        time.sleep(1)
        with broken(port_of(cluster), "drop"):
            time.sleep(60 if tools.long else 6)
    seconds = 80 if tools.long else 12
    return clean(scenario().run(vanish, IMPATIENT, (*RATE, "--duration", f"{seconds}s")),
                 duplicates=True)


def connection_reset(scenario, cluster, tools):
    """Again and again, in the midst of requests."""
    def reset():
        for _ in range(20 if tools.long else 4):
            time.sleep(1.5)
            with broken(port_of(cluster), "reject with tcp reset"):
                time.sleep(0.5)
    seconds = 45 if tools.long else 10
    return clean(scenario().run(reset, load=(*RATE, "--duration", f"{seconds}s")),
                 duplicates=True)


TESTS = {test.__name__: test for test in (black_hole, connection_reset)}
