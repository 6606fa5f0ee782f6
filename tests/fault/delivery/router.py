"""One way to start weir, to end it, and to ask it where every event is."""

import ctypes
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from waiting import POLL_SECONDS, await_true

START_SECONDS_MAX = 30
ANSWER_SECONDS_MAX = 30  # A question that goes unanswered on a busy machine is asked again.
STOP_SECONDS_MAX = 40  # Longer than the default of shutdown_timeout.
PR_SET_PDEATHSIG = 1
# Loaded here: between fork and exec nothing may be imported.
prctl = ctypes.CDLL(None, use_errno=True).prctl
ACTIVATE = Path(__file__).resolve().parent / "activate.py"


class Router:
    """A weir with a folder of its own, started and ended any number of times. `yaml` is its
    configuration without port_file and control_socket; `{dir}` in it is the folder.

    Belongs to one thread: the kernel kills weir with the thread that started it.
    """

    def __init__(self, weir, folder, yaml, environment=None):
        self.weir = str(weir)
        self.folder = Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.configuration = self.folder / "weir.yaml"
        self.port_file = self.folder / "ports"
        self.control_socket = self.folder / "control.sock"
        self.log = self.folder / "log"
        self.environment = {"PATH": os.environ.get("PATH", "")} | (environment or {})
        self.process = None
        self.starts = 0
        self.log_start = 0  # Where in the log the process that runs began.
        self.configure(yaml)

    def configure(self, yaml):
        """Writes another configuration; reload() or the next start() reads it."""
        text = (f"port_file: {self.port_file}\ncontrol_socket: {self.control_socket}\n" +
                yaml.replace("{dir}", str(self.folder)))
        beside = self.configuration.with_suffix(".new")
        beside.write_text(text)
        beside.rename(self.configuration)

    # --- Starting and ending ---

    def start(self, sockets=None, stdin=None, wait=True, wrapper=()):
        """Returns the seconds until it was ready. `sockets`: supervisor.Sockets to hand over.
        `stdin`: what it reads as standard input. `wrapper`: words before the command; in the end
        the process that they start has to be weir itself ("strace", "-D", …)."""
        begun = time.monotonic()
        self.port_file.unlink(missing_ok=True)
        words = [*wrapper, self.weir, "run", "-c", str(self.configuration)]
        descriptors = ()
        if sockets is not None:
            descriptors = sockets.descriptors()
            numbers = ",".join(map(str, descriptors))
            words = [sys.executable, "-ISE", str(ACTIVATE), numbers, sockets.names(), *words]
        self.log_start = self.log.stat().st_size if self.log.exists() else 0
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                words, stdin=stdin if stdin is not None else subprocess.DEVNULL, stdout=log,
                stderr=log, env=self.environment, pass_fds=descriptors, start_new_session=True,
                preexec_fn=die_with_parent(os.getpid()))
        self.starts += 1
        if wait:
            self.await_ready()
        return time.monotonic() - begun

    def await_ready(self):
        """Until its ports are open."""
        await_true(lambda: self.port_file.exists() or self.process.poll() is not None,
                   START_SECONDS_MAX, "the start of weir")
        if self.process.poll() is not None and not self.port_file.exists():
            raise RuntimeError(f"weir ended at its start:\n{self.log_text()}")

    def signal(self, number):
        """To the process that runs."""
        self.process.send_signal(number)

    def kill(self):
        """SIGKILL, and waits until it is gone."""
        self.signal(signal.SIGKILL)
        self.process.wait()

    def stop(self):
        """SIGTERM; returns the seconds until it was gone, and its exit code."""
        begun = time.monotonic()
        self.signal(signal.SIGTERM)
        try:
            self.process.wait(STOP_SECONDS_MAX)
        except subprocess.TimeoutExpired as late:
            self.kill()
            raise RuntimeError(f"weir did not end on SIGTERM:\n{self.log_text()}") from late
        return time.monotonic() - begun, self.process.returncode

    def reload(self, yaml=None):
        """SIGHUP, with another configuration or the same; returns once weir has said how it went:
        True where the configuration is in force, False where it was refused."""
        if yaml is not None:
            self.configure(yaml)
        refusals = self.log_text().count("the new one is wrong")
        ports = self.port_file.stat()
        self.signal(signal.SIGHUP)

        def answered():
            # The log would tell both, but not many of them a second.
            now = self.port_file.stat()
            if (now.st_ino, now.st_mtime_ns) != (ports.st_ino, ports.st_mtime_ns):
                return "in force"
            return self.log_text().count("the new one is wrong") > refusals and "refused"
        return await_true(answered, START_SECONDS_MAX, "the answer to SIGHUP") == "in force"

    def close(self):
        """At the end of a test, however it went."""
        if self.process is not None and self.process.poll() is None:
            self.kill()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    # --- Asking ---

    def address(self, source):
        """(host, port) of a source, as bound; or the path of a Unix socket."""
        bound = json.loads(self.port_file.read_text())["sources"][source]
        if bound.startswith("/"):
            return bound
        host, port = bound.rsplit(":", 1)
        return host.strip("[]"), int(port)

    def log_text(self):
        """What the process that runs, or ran last, has said."""
        with open(self.log, "rb") as log:
            log.seek(self.log_start)
            return log.read().decode(errors="replace")

    def books(self):
        """Where every event is now; None where weir has ended, or does not answer at all."""
        deadline = time.monotonic() + ANSWER_SECONDS_MAX
        while True:
            asked = subprocess.run(
                [self.weir, "ledger", "--json", "--control", str(self.control_socket)],
                capture_output=True, timeout=STOP_SECONDS_MAX, check=False, env=self.environment)
            if asked.returncode == 0:
                return json.loads(asked.stdout)
            if self.process.poll() is not None or time.monotonic() > deadline:
                return None
            time.sleep(POLL_SECONDS)

    def closing_books(self):
        """The closing balance of the process that ended last; None where it was killed."""
        for line in reversed(self.log_text().splitlines()):
            start = line.find("{")
            if start >= 0 and '"sinks"' in line:
                found = json.loads(line[start:])
                return found.get("balance", found)
        return None

    def resident_bytes(self, peak=False):
        """VmRSS, or VmHWM, of the process that runs; 0 where it has ended."""
        try:
            status = Path(f"/proc/{self.process.pid}/status").read_text()
        except OSError:
            return 0
        for line in status.splitlines():
            if line.startswith("VmHWM:" if peak else "VmRSS:"):
                return int(line.split()[1]) << 10
        return 0


def die_with_parent(parent):
    """For preexec_fn: the kernel kills the child with the thread that starts it."""
    def prepare():
        prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(127)
    return prepare


def component(books, kind, name):
    """A source or a sink ("sources", "sinks") of the books, those that a reload retired added."""
    total = {}
    for each in books[kind]:
        if each["name"] != name:
            continue
        for key, value in each.items():
            if key == "dropped":
                known = total.setdefault("dropped", {})
                for reason, count in value.items():
                    known[reason] = known.get(reason, 0) + count
            elif isinstance(value, int) and not isinstance(value, bool):
                total[key] = total.get(key, 0) + value
    return total
