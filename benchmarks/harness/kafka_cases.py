"""The cases of Kafka: weir beside librdkafka alone, to brokers inside of the process (librdkafka's
mock cluster, whose work both pay for) and to a real one.
"""

import json
import sys
import time
from pathlib import Path

from .case import Case, Target, ratio
from .process import Invalid, Missing, Program, await_true
from .raw import RUN_SECONDS_MAX, with_rates
from .stream_cases import TCP_IN
from .weir import Weir

SUPPORT = Path(__file__).resolve().parents[2] / "tests" / "support" / "kafka"
GROUP_SECONDS_MAX = 30
MOCK = "127.0.0.1:9"  # Nobody is asked there: the mock cluster takes its place.


class KafkaCases:
    """A context: a real broker that was started for the cases is gone after it."""

    def __init__(self, streams, quick):
        self.streams = streams
        self.machine = streams.machine
        self.events = int(3e6 * (0.1 if quick else 1))
        self.cluster = None
        self.topics = 0
        self.full = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.cluster is not None:
            self.cluster.__exit__()

    def all(self):
        per_cpu = ratio("events_per_cpu_second", "weir", "raw")
        text = "events per CPU-second, weir / raw"
        return [
            Case("kafka_mock", "TCP to Kafka: brokers inside of the process, uncompressed",
                 {"raw": lambda: self.raw_produce(None, "raw"),
                  "weir": lambda: self.weir_produce(MOCK, "raw",
                                                    "rdkafka.test.mock.num.brokers: 1")},
                 [Target(text, per_cpu, 0.85)], shown="events_per_cpu_second"),
            Case("kafka", "TCP to Kafka: a real broker, uncompressed",
                 {"raw": lambda: self.raw_produce(self.broker(), self.new_topic()),
                  "weir": lambda: self.weir_produce(self.broker(), self.new_topic())},
                 [Target(text, per_cpu, 0.90),
                  Target("events/s, weir / raw", ratio("events_per_second", "weir", "raw"))],
                 shown="events_per_cpu_second"),
            Case("kafka_read", "Kafka to blackhole: a real broker, a consumer group of one",
                 {"raw": self.raw_consume, "weir": self.weir_consume},
                 [Target(text, per_cpu, 0.85),
                  Target("events/s, weir / raw", ratio("events_per_second", "weir", "raw"), 0.85)],
                 shown="events_per_cpu_second")]

    def broker(self):
        """One for all runs. Missing where it cannot be had."""
        if self.cluster is None:
            sys.path.insert(0, str(SUPPORT))
            import cluster  # pylint: disable=import-outside-toplevel,import-error
            import errors   # pylint: disable=import-outside-toplevel,import-error
            try:
                started = cluster.Cluster(self.machine.scratch / "kafka")
                self.cluster = started.__enter__()
            except errors.Missing as reason:
                raise Missing(str(reason)) from None
            except errors.Failed as reason:
                raise Invalid(str(reason)) from None
        return self.cluster.bootstrap()

    def new_topic(self):
        self.topics += 1
        return f"bench-{self.topics}"

    def raw_produce(self, brokers, topic):
        where = ["--brokers", brokers] if brokers else []
        return self.run_raw("kafka_produce", *where, "--topic", topic,
                            *self.machine.payload_arguments, "--events", self.events)

    def raw_consume(self):
        return self.run_raw("kafka_consume", "--brokers", self.broker(), "--topic",
                            self.full_topic(), "--events", self.events)

    def run_raw(self, name, *arguments):
        out, errors = (self.machine.scratch / f"raw_kafka.{end}" for end in ("out", "err"))
        program = Program([self.streams.raw.path(name), *arguments], self.machine.program_cores,
                          out, errors)
        with program:
            if not program.wait(RUN_SECONDS_MAX) or program.exit_code != 0:
                raise Invalid(f"raw_{name} ended with {program.exit_code}: {program.complaint()}")
        return with_rates({**json.loads(out.read_text()), **program.figures()})

    def full_topic(self):
        """One that holds all events; made for all runs."""
        if self.full is None:
            topic = self.new_topic()
            self.raw_produce(self.broker(), topic)
            self.full = topic
        return self.full

    def weir_consume(self):
        topic = self.full_topic()
        self.topics += 1
        config = (f"sources:\n  in:\n    url: kafka://{self.broker()}/{topic}\n"
                  f"    group: bench-{self.topics}\nsinks: {{out: blackhole}}\n")
        with Weir(self.streams.weir_binary, self.machine, config) as weir:
            # The group takes its time until it has formed; that is not what is measured. Nor is
            # the answering of questions, so few are asked.
            await_true(lambda: weir.ledger().received > 0, GROUP_SECONDS_MAX, "a record",
                       weir.program, poll_seconds=0.1)
            began, before = time.monotonic(), weir.ledger()
            settled = weir.await_settled(self.events, poll_seconds=0.05)
            ledger, _ = weir.stop()
            figures = {**weir.program.figures(), "events": ledger.received,
                       "bytes": ledger.received_bytes}
        ledger.check_delivered(self.events)
        figures = with_rates({**figures, "seconds": settled - began})
        figures["events_per_second"] = (self.events - before.received) / figures["seconds"]
        return figures

    def weir_produce(self, brokers, topic, more=""):
        config = TCP_IN + (f"sinks:\n  out:\n    url: kafka://{brokers}/{topic}\n"
                           f"    compression: none\n    {more}\n")
        # The same number of events, about: the generator is told bytes.
        return self.streams.weir_tcp(config, self.events * 414)
