"""Ports of 127.0.0.1 that stay ours while their listener is away."""

import random
import socket

from errors import Failed

FIRST = 15000
TRIES_MAX = 200


class Ports:
    """Holds the ports that it gave until `close`, or until the process ends.

    They lie below those that the kernel gives to connections and to listeners on port 0, else one
    of these could take the port of a broker that is down. Clusters keep away from each other's by
    a socket in the abstract namespace per port, which vanishes with its process.
    """

    def __init__(self):
        self._held = []
        self._last = first_ephemeral() - 1

    def take(self):
        for _ in range(TRIES_MAX):
            port = random.randint(FIRST, self._last)
            mark = socket.socket(socket.AF_UNIX)
            try:
                mark.bind(f"\0weir-test-kafka-{port}")
            except OSError:
                mark.close()
                continue
            if is_free(port):
                self._held.append(mark)
                return port
            mark.close()
        raise Failed(f"no free port of 127.0.0.1 in {TRIES_MAX} tries between {FIRST} and "
                     f"{self._last}")

    def close(self):
        for mark in self._held:
            mark.close()
        self._held.clear()


def is_free(port):
    with socket.socket() as probe:
        # As the JVM does: connections that linger in TIME_WAIT are no obstacle.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def first_ephemeral():
    try:
        with open("/proc/sys/net/ipv4/ip_local_port_range") as text:
            first = int(text.read().split()[0])
    except OSError:
        first = 0
    return first if first > FIRST + 1000 else 32768
