"""One run of weir before a real Kafka: `weir bench` sends, starts weir, reads the topic back and
judges; meanwhile something is done to the brokers, or to weir.
"""

import json
import signal
import subprocess
import time
from pathlib import Path

from waiting import await_true

RUN_SECONDS_MAX = 300  # Beside what is done meanwhile, and what a load lasts longer.
SINK_SECONDS_MAX = 120
STALL_SECONDS_MAX = 3600  # How long the bench lets weir take nothing.
# How long the bench waits for more to come out: nothing of it where all does. Where something is to
# be missing, all of it is waited.
SETTLE_SECONDS = 60
SETTLE_OF_LOSS_SECONDS = 15
SHUTDOWN_SECONDS = 60  # That weir takes at most, by itself; whoever kills it has to wait for longer.


class LoadOver(Exception):
    """What was to be done under load is not done, and the load has ended."""


def outlasting(scenario, run, seconds):
    """What run(scenario, words of the load) returns of a load that lasts until all is done that it
    does meanwhile: `seconds`, or, where a slow machine needs longer, once more and for longer."""
    made = scenario()
    for factor in (1, 4):
        made.run_seconds_max += seconds * factor
        try:
            return run(made, ("--duration", f"{seconds * factor}s"))
        except LoadOver:
            made = scenario(topic=f"{made.topic}_longer")
    raise TimeoutError(f"a load of {seconds * factor} s was over before all was done")


class Scenario:
    """A topic of its own, and a folder for what is written. Belongs to one thread."""

    def __init__(self, cluster, tools, folder, topic, partitions=3, replicas=1, properties=()):
        self.cluster = cluster
        self.tools = tools
        self.folder = Path(folder)
        self.topic = topic
        self.url = f"kafka://{cluster.bootstrap()}/{topic}"  # Weir's; the bench has its own.
        self.make_topic = [tools.topics, "create", cluster.bootstrap(), topic, str(partitions),
                           str(replicas), *properties]
        subprocess.run(self.make_topic, check=True, timeout=60)
        self.run_seconds_max = RUN_SECONDS_MAX
        self.bench = None  # The process, in a run.

    def delete_topic(self):
        subprocess.run([self.tools.topics, "delete", self.cluster.bootstrap(), self.topic],
                       check=True, timeout=60)

    def create_topic(self):
        """Kafka deletes later than it says so."""
        deadline = time.monotonic() + 30
        while subprocess.run(self.make_topic, check=False, timeout=60,
                             stderr=subprocess.DEVNULL).returncode != 0:
            if time.monotonic() > deadline:
                raise TimeoutError(f"the topic {self.topic} cannot be made again")
            time.sleep(0.2)

    def run(self, meanwhile=lambda: None, options=None, load=(), allow_loss=False):
        """What the bench says, and weir's closing balance. `meanwhile` runs once weir listens."""
        words = self.bench_words(options or {}, load, allow_loss)
        progress = self.folder / f"{self.topic}.err"
        with open(progress, "w", encoding="utf-8") as errors:
            bench = subprocess.Popen(words, stdin=subprocess.DEVNULL, stderr=errors,
                                     stdout=subprocess.DEVNULL)
            self.bench = bench
            try:
                # On this thread: the kernel ends a broker with the thread that started it.
                self.await_traffic()
                meanwhile()
                bench.wait(self.run_seconds_max)
            finally:
                if bench.poll() is None:
                    bench.send_signal(signal.SIGKILL)
                    bench.wait()
        return Outcome(json.loads((self.folder / f"{self.topic}.json").read_text()),
                       balance_of(progress.read_text()))

    def await_traffic(self):
        """Until weir listens: then the bench sends."""
        port_file = self.folder / f"{self.topic}.ports"
        deadline = time.monotonic() + 30
        while not port_file.exists():
            if time.monotonic() > deadline:
                raise TimeoutError("weir did not start")
            time.sleep(0.02)

    def books(self):
        """Where every event is now; None where weir does not answer."""
        asked = subprocess.run(
            [self.tools.weir, "ledger", "--json", "--control",
             str(self.folder / f"{self.topic}.control")],
            capture_output=True, timeout=60, check=False)
        return json.loads(asked.stdout) if asked.returncode == 0 else None

    def await_sink(self, condition, what):
        """The books of weir's sink, once they are so; LoadOver where the run ends before."""
        def is_so():
            self.check_load()
            books = self.books()
            return books is not None and condition(books["sinks"][0]) and books["sinks"][0]
        return await_true(is_so, SINK_SECONDS_MAX, what)

    def check_load(self):
        """That the bench has not ended: it sends, or waits for the rest."""
        if self.bench.poll() is not None:
            raise LoadOver()

    def bench_words(self, options, load, allow_loss):
        socket = self.folder / f"{self.topic}.sock"
        lines = [f"    {name}: {value}" for name, value in options.items()]
        configuration = self.folder / f"{self.topic}.yaml"
        configuration.write_text("\n".join([
            f"control_socket: {self.folder}/{self.topic}.control",
            f"port_file: {self.folder}/{self.topic}.ports",
            f"shutdown_timeout: {SHUTDOWN_SECONDS}s",
            f"sources: {{in: 'unix://{socket}'}}", "sinks:", "  out:",
            f"    url: {self.url}", *lines, ""]))
        settle = SETTLE_OF_LOSS_SECONDS if allow_loss else SETTLE_SECONDS
        return [self.tools.weir, "bench", "--quiet", "--to", f"unix://{socket}", "--collect",
                self.collected(), "--settle", f"{settle}s", "--stall-timeout",
                f"{STALL_SECONDS_MAX}s", "--stop-timeout", f"{SHUTDOWN_SECONDS + 30}s", "--json",
                str(self.folder / f"{self.topic}.json"), *load,
                *(["--allow-loss"] if allow_loss else []),
                "--", self.tools.weir, "run", "--config", str(configuration)]


    def collected(self):
        """Where the bench reads what became of its events."""
        return f"kafka://{self.cluster.bootstrap()}/{self.topic}"


class Outcome:
    """`bench`: the JSON of weir bench. `balance`: weir's, None where it was killed."""

    def __init__(self, bench, balance):
        self.bench = bench
        self.balance = balance

    def __getattr__(self, name):
        return self.bench[name]

    def sink(self):
        return self.balance["sinks"][0]

    def __str__(self):
        shown = {key: self.bench.get(key) for key in (
            "issued", "collected", "lost", "duplicated", "reordered", "corrupted", "torn",
            "seconds", "peak_rss_bytes")}
        return json.dumps(shown)


def balance_of(text):
    """The closing balance in what weir wrote to stderr."""
    for line in reversed(text.splitlines()):
        start = line.find('{"')
        if start < 0 or '"sinks"' not in line:
            continue
        found = json.loads(line[start:])
        return found.get("balance", found)
    return None
