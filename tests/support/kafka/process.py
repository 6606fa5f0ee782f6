"""Child processes that end with their parent, whatever ends that."""

import ctypes
import os
import signal
import subprocess
import time

from waiting import await_true

PR_SET_PDEATHSIG = 1
# Loaded here: between fork and exec nothing may be imported.
prctl = ctypes.CDLL(None, use_errno=True).prctl


def spawn(command, log):
    """Starts a program; what it prints is added to the file `log`.

    The kernel kills it when the thread that called this ends. A session of its own keeps Ctrl-C
    from it: the parent decides when it ends.
    """
    parent = os.getpid()

    def die_with_parent():
        prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:  # It ended before the line above.
            os._exit(127)

    with open(log, "ab") as out:
        return subprocess.Popen([str(word) for word in command], stdin=subprocess.DEVNULL,
                                stdout=out, stderr=out, start_new_session=True,
                                preexec_fn=die_with_parent)


def run(command, log, seconds_max, wait=time.sleep):
    """Runs a program to its end and returns its exit code; Failed if it does not end in time."""
    process = spawn(command, log)
    try:
        await_true(lambda: process.poll() is not None, seconds_max, f"the end of {command[0]}",
                   wait)
    finally:
        kill(process)
    return process.returncode


def kill(process):
    """Ends a process of `spawn` and those that it started, at once."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def last_lines(log, count=3, having=""):
    """The last lines of a file, as one line, for an error that is shown to a person."""
    try:
        with open(log, errors="replace") as text:
            lines = [line.strip() for line in text if line.strip() and having in line]
    except OSError:
        return ""
    return " | ".join(line[:300] for line in lines[-count:])
