"""A topic between two routers: `weir bench` sends to a weir that writes to Kafka; others, one group,
read from there and write a file for each app. Records of one app have one key, so each file is the
order of one partition, and the bench judges it file by file.
"""

import signal
import subprocess
import time

from scenario import Scenario
from waiting import await_true

STOP_SECONDS_MAX = 30
FILES_SECONDS_MAX = 120  # Until a reader has its partitions, and writes.
# After how long without a word the brokers take a reader for dead, and read what it has not
# confirmed once more with another. Short where that is what is tested...
SESSION_SHORT_MS = 6_000
# ...else so long that no machine stands still for it: longer than a run lasts. Who then leaves the
# group without saying so is missed too late for the run to end well.
SESSION_LONG_MS = 180_000


class Group:
    """The processes that read. Each has files of its own."""

    def __init__(self, scenario, session_ms):
        self.scenario = scenario
        self.options = {"group": scenario.topic, "rdkafka.session.timeout.ms": session_ms}
        self.started = 0
        self.running = {}  # Number -> process, in the order of their start.
        self.balances = []

    def start(self, sink=None):
        """`sink`: as YAML has it, in place of a file for each app."""
        number = self.started
        self.started += 1
        made = self.scenario
        stem = made.folder / f"{made.topic}-reader-{number}"
        lines = [f"    {name}: {value}" for name, value in self.options.items()]
        stem.with_suffix(".yaml").write_text("\n".join([
            f"control_socket: {stem}.control", f"port_file: {stem}.ports", "shards: 1",
            "sources:", "  in:",
            f"    url: kafka://{made.cluster.bootstrap()}/{made.topic}", *lines,
            f"sinks: {{out: {sink or self.files(number)}}}", ""]))
        with open(stem.with_suffix(".err"), "wb") as errors:
            self.running[number] = subprocess.Popen(
                [made.tools.weir, "run", "-c", str(stem.with_suffix(".yaml"))],
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=errors)
        return number

    def files(self, number):
        return f"'file://{self.scenario.folder}/{self.scenario.topic}-reader-{number}-{{app}}.out'"

    def freeze(self, number, seconds):
        """It stands still, as on a machine that has no time for it."""
        self.running[number].send_signal(signal.SIGSTOP)
        time.sleep(seconds)  # The interval is what is tested.
        self.running[number].send_signal(signal.SIGCONT)

    def kill(self, number):
        process = self.running.pop(number)
        process.send_signal(signal.SIGKILL)
        process.wait()

    def stop(self, number):
        """As it should end: with all that it has read delivered, and confirmed."""
        process = self.running.pop(number)
        process.send_signal(signal.SIGTERM)
        try:
            code = process.wait(STOP_SECONDS_MAX)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise
        assert code == 0, f"reader {number} ended with {code}"

    def stop_all(self):
        for number in list(self.running):
            self.stop(number)

    def kill_all(self):
        for number in list(self.running):
            self.kill(number)

    def await_files(self, number):
        """Until the process has written something; LoadOver where it never will."""
        pattern = f"{self.scenario.topic}-reader-{number}-*.out"

        def has_written():
            found = any(path.stat().st_size for path in self.scenario.folder.glob(pattern))
            if not found:
                self.scenario.check_load()
            return found
        await_true(has_written, FILES_SECONDS_MAX, f"a file of reader {number}")


class ConsumeScenario(Scenario):
    def __init__(self, *arguments, partitions=4, **more):
        super().__init__(*arguments, partitions=partitions, **more)

    def run_group(self, meanwhile, load, readers=2, sink=None, session_ms=SESSION_LONG_MS):
        """`meanwhile(group)` runs once weir listens and the readers were started."""
        group = Group(self, session_ms)
        for _ in range(readers):
            group.start(sink)
        try:
            return self.run(lambda: meanwhile(group), {"key": '"{app}"'}, load)
        finally:
            group.kill_all()

    def collected(self):
        return str(self.folder / f"{self.topic}-reader-*.out")
