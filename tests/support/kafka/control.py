"""The commands that change a running cluster, from other processes through a socket in its folder.

The process that started the brokers carries them out: so a broker that comes back is its child too,
and ends with it. One line asks (`kill-broker 2`), one line answers (`ok`, or what went wrong).
"""

import os
import socket

from broker import READY_SECONDS_MAX, STOP_SECONDS_MAX
from errors import Failed

VERBS = ("stop-broker", "kill-broker", "start-broker", "pause-broker", "resume-broker")
NAME = "control"
# A command may have to wait for one that another process gave.
ANSWER_SECONDS_MAX = 2 * max(READY_SECONDS_MAX, STOP_SECONDS_MAX) + 10
ASK_SECONDS_MAX = 1


def listen(folder):
    return at_path(folder, lambda path: listening(path))


def listening(path):
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    listener.listen()
    return listener


def serve_one(listener, cluster):
    """Takes one connection, does what it asks and answers."""
    connection, _ = listener.accept()
    with connection:
        try:
            connection.settimeout(ASK_SECONDS_MAX)
            with connection.makefile("r") as lines:
                words = lines.readline().split()
            connection.sendall(f"{carry_out(words, cluster)}\n".encode())
        except OSError:
            pass  # Who asked is gone.


def carry_out(words, cluster):
    if len(words) != 2 or words[0] not in VERBS or not words[1].isdigit():
        return f"not understood: {' '.join(words)}"
    try:
        getattr(cluster, words[0].replace("-", "_"))(int(words[1]))
    except Failed as error:
        return str(error).replace("\n", " ")
    return "ok"


def ask(folder, verb, node):
    """Has the process that runs the cluster in `folder` do it. Failed if it did not."""
    connection = socket.socket(socket.AF_UNIX)
    with connection:
        try:
            at_path(folder, connection.connect)
        except OSError as error:
            raise Failed(f"no cluster runs in {folder}: {error.strerror}") from error
        connection.settimeout(ANSWER_SECONDS_MAX)
        try:
            connection.sendall(f"{verb} {node}\n".encode())
            with connection.makefile("r") as lines:
                answer = lines.readline().strip()
        except OSError as error:
            raise Failed(f"the cluster in {folder} gave no answer: {error}") from error
    if answer != "ok":
        raise Failed(answer or f"the cluster in {folder} ended")


def at_path(folder, use):
    """Calls `use` with a path of the socket that is short: a real one may exceed the 107 bytes
    that an address has room for."""
    handle = os.open(folder, os.O_PATH | os.O_DIRECTORY)
    try:
        return use(f"/proc/self/fd/{handle}/{NAME}")
    finally:
        os.close(handle)
