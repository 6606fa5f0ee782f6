"""A network of the tests' own: a loopback in a network namespace, on which nft lets packets vanish and
connections be reset, and tc, where the kernel has netem, delays them."""

import contextlib
import ctypes
import json
import os
import shutil
import subprocess

from report import Skipped

CLONE_NEWNET = 0x40000000
libc = ctypes.CDLL(None, use_errno=True)


@contextlib.contextmanager
def own_network():
    """Inside of it this thread, and the threads and processes that it starts, are alone on a loopback
    of their own. Skipped where that may not be."""
    for tool in ("nft", "ip"):
        if shutil.which(tool) is None:
            raise Skipped(f"{tool} is not installed")
    with open("/proc/thread-self/ns/net", "rb") as before:
        if libc.unshare(CLONE_NEWNET) != 0:
            raise Skipped(f"no network namespace may be made: {os.strerror(ctypes.get_errno())}")
        try:
            subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
            yield
        finally:
            if libc.setns(before.fileno(), CLONE_NEWNET) != 0:
                raise OSError(ctypes.get_errno(), "the first network is not to be had again")


@contextlib.contextmanager
def packets(*rules):
    """Those that arrive meet the rules, pairs such as ("tcp dport 1234", "drop"). Gives a function
    that says how many have met one."""
    lines = "".join(f"  {which} counter {verdict}\n" for which, verdict in rules)
    nft("table inet weir {\n chain in {\n  type filter hook input priority 0;\n" + lines
        + " }\n}\n")
    try:
        yield hit
    finally:
        nft("delete table inet weir\n")


def hit():
    """How many packets the rules in force have met."""
    listed = subprocess.run(["nft", "-j", "list", "table", "inet", "weir"], capture_output=True,
                            check=True)
    return sum(word["counter"]["packets"]
               for each in json.loads(listed.stdout)["nftables"] if "rule" in each
               for word in each["rule"]["expr"] if "counter" in word)


def nft(text):
    """Changes the rules."""
    subprocess.run(["nft", "-f", "-"], input=text, text=True, check=True)


@contextlib.contextmanager
def netem(*words):
    """All packets are delayed, doubled or reordered so. Skipped where tc or the kernel cannot."""
    if shutil.which("tc") is None:
        raise Skipped("tc is not installed")
    made = subprocess.run(["tc", "qdisc", "add", "dev", "lo", "root", "netem", *words],
                          capture_output=True, text=True, check=False)
    if made.returncode != 0:
        raise Skipped(f"the kernel has no netem: {made.stderr.strip()}")
    try:
        yield
    finally:
        subprocess.run(["tc", "qdisc", "del", "dev", "lo", "root"], check=True)
