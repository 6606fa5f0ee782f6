"""A program under test: pinned to a core, its CPU time from wait4, its memory from /proc."""

import os
import signal
import subprocess
import time

POLL_SECONDS = 0.001
STOP_SECONDS_MAX = 30


class Invalid(Exception):
    """The run measured nothing, or not what it says: its figures must not be used."""


class Missing(Exception):
    """A program that the case needs is not installed."""


class Program:
    """Runs from the constructor until `finish` or `kill`; use it as a context."""

    def __init__(self, command, cores, stdout, stderr, environment=None):
        self.command = [str(word) for word in command]
        self.stderr_path = stderr
        # The child inherits the cores of the thread that starts it: no code runs after the fork.
        before = os.sched_getaffinity(0)
        os.sched_setaffinity(0, cores)
        try:
            with open(stdout, "wb") as out, open(stderr, "wb") as err:
                self.started = time.monotonic()
                self.process = subprocess.Popen(self.command, stdin=subprocess.DEVNULL, stdout=out,
                                                stderr=err, env=environment)
        finally:
            os.sched_setaffinity(0, before)
        self.pid = self.process.pid
        self.usage = None
        self.peak_rss_bytes = None
        self.exit_code = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.exit_code is None:
            self.kill()

    def ended(self):
        if self.exit_code is None:
            self._reap(os.WNOHANG)
        return self.exit_code is not None

    def wait(self, seconds_max):
        """Waits for the end. True if it came in time."""
        deadline = time.monotonic() + seconds_max
        while not self.ended():
            if time.monotonic() > deadline:
                return False
            time.sleep(POLL_SECONDS)
        return True

    def terminate(self):
        """SIGTERM, then the seconds until the end; Invalid if it does not come."""
        self.peak_rss_bytes = memory_bytes(self.pid, "VmHWM")
        sent = time.monotonic()
        os.kill(self.pid, signal.SIGTERM)
        # Polled finely: the end of an idle router is a figure.
        while not self.ended():
            if time.monotonic() - sent > STOP_SECONDS_MAX:
                raise Invalid(f"{self.command[0]} did not end on SIGTERM: {self.complaint()}")
            time.sleep(0.0002)
        return time.monotonic() - sent

    def kill(self):
        # Not Popen.kill: it would reap the child, and with it the figures.
        os.kill(self.pid, signal.SIGKILL)
        self._reap(0)

    def complaint(self, lines=3):
        """The last that it said on stderr."""
        try:
            with open(self.stderr_path, errors="replace") as text:
                return " | ".join(text.read().strip().splitlines()[-lines:])
        except OSError:
            return ""

    def figures(self):
        """What the kernel counted for the whole life of the program. Requires: it has ended."""
        figures = {
            "user_seconds": self.usage.ru_utime,
            "system_seconds": self.usage.ru_stime,
            "cpu_seconds": self.usage.ru_utime + self.usage.ru_stime,
        }
        # Not ru_maxrss: it begins with the memory of the Python that started the program.
        if self.peak_rss_bytes:
            figures["peak_rss_bytes"] = self.peak_rss_bytes
        return figures

    def _reap(self, flags):
        pid, status, usage = os.wait4(self.pid, flags)
        if pid == 0:
            return
        self.usage = usage
        self.exit_code = os.waitstatus_to_exitcode(status)
        self.process.returncode = self.exit_code  # Popen must not wait for it once more.


def memory_bytes(pid, name):
    """VmRSS or VmHWM of a process; 0 if it has ended."""
    try:
        with open(f"/proc/{pid}/status") as status:
            for line in status:
                if line.startswith(name + ":"):
                    return int(line.split()[1]) * 1024
    except OSError:
        pass
    return 0


def await_true(condition, seconds_max, what, program=None, poll_seconds=POLL_SECONDS):
    """Polls until the condition gives something true and returns that; else Invalid."""
    deadline = time.monotonic() + seconds_max
    while True:
        value = condition()
        if value:
            return value
        if program is not None and program.ended():
            raise Invalid(f"{program.command[0]} ended with {program.exit_code} while waiting for "
                          f"{what}: {program.complaint()}")
        if time.monotonic() > deadline:
            raise Invalid(f"no {what} within {seconds_max} s"
                          + (f": {program.complaint()}" if program else ""))
        time.sleep(poll_seconds)
