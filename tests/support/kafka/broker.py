"""One broker, which is a controller as well: a JVM, its folder, its ports."""

import os
import signal
import time

from errors import Failed
from process import kill, last_lines, spawn
from properties import text_of
from waiting import await_true
from wire import known_brokers

READY_SECONDS_MAX = 60  # Takes 1-3 s; a machine under load or a sanitizer's build needs more.
STOP_SECONDS_MAX = 60


class Broker:
    """`kill` ends it; should that never be called, it ends with the thread that started it."""

    def __init__(self, node, folder, ports, runtime):
        self.node = node
        self.folder = folder
        self.data = folder / "data"
        self.log = folder / "server.log"
        self.ports = ports  # {listener name: port}
        self._runtime = runtime
        self._process = None
        self._paused = False

    def create(self, settings):
        """Makes the folder; an existing one is another cluster's."""
        try:
            self.folder.mkdir()
        except FileExistsError:
            raise Failed(f"{self.folder} is there already, of another cluster; "
                         "end that or choose another folder") from None
        (self.folder / "server.properties").write_text(text_of(settings))

    @property
    def pid(self):
        return self._process.pid if self.running() else None

    def running(self):
        """True for a paused one as well."""
        return self._process is not None and self._process.poll() is None

    def in_service(self):
        return self.running() and not self._paused

    def start(self):
        """Returns at once; `known` says when it is ready."""
        if self.running():
            raise Failed(f"broker {self.node} runs already")
        command = self._runtime.command("kafka.Kafka", self.folder / "server.properties")
        self._process = spawn(command, self.log)
        self._paused = False

    def known(self):
        """The brokers that it would send a client to: none until it answers. Failed if it ended."""
        if not self.running():
            cause = last_lines(self.log, 1, "Exception: ") or last_lines(self.log)
            raise Failed(f"broker {self.node} ended by itself: {cause} (more in {self.log})")
        try:
            return known_brokers(self.ports["PLAINTEXT"])
        except OSError:
            return set()

    def stop(self, wait=time.sleep):
        """As an operator would: leadership is handed over, data is on disk."""
        self.signal(signal.SIGTERM)
        self.resume_if_paused()
        await_true(lambda: not self.running(), STOP_SECONDS_MAX, f"the end of broker {self.node} "
                   f"after SIGTERM (see {self.log})", wait)

    def kill(self):
        """As a crash would. Nothing happens if it does not run."""
        if self._process is not None:
            kill(self._process)

    def pause(self):
        """It keeps its connections and answers nothing, as one cut off from the network would."""
        self.signal(signal.SIGSTOP)
        self._paused = True

    def resume(self):
        self.signal(signal.SIGCONT)
        self._paused = False

    def resume_if_paused(self):
        if self._paused and self.running():
            self.resume()

    def signal(self, number):
        if not self.running():
            raise Failed(f"broker {self.node} does not run")
        os.kill(self._process.pid, number)
