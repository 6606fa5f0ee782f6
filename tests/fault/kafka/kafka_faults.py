#!/usr/bin/env python3
"""What the Kafka sink and source survive, on real brokers, with the verifier of weir bench as the judge.

    kafka_faults.py --weir build/release/weir --topics build/release/tests/support/kafka_topics
                    [--brokers 1|3] [--suite faults|permissions|network] [--long]
                    [--freeze SECONDS] [NAME...]

Exit code 0: nothing was lost that should not have been; 1: a test failed; 77: Kafka cannot be had
here, and one line says why.
"""

import argparse
import sys
import tempfile
import time
import traceback
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent.parent / "support" / "kafka"))

from cluster import Cluster  # noqa: E402
from errors import Failed, Missing  # noqa: E402
from runtime import find_runtime  # noqa: E402

import consume_tests  # noqa: E402
import network_tests  # noqa: E402
import permission_tests  # noqa: E402
import produce_tests  # noqa: E402
from consume_scenario import ConsumeScenario  # noqa: E402
from scenario import Scenario  # noqa: E402


class Tools:
    def __init__(self, options):
        self.weir = str(options.weir.resolve())
        self.topics = str(options.topics.resolve())
        self.long = options.long
        self.freeze_seconds = options.freeze or (30 if options.long else 5)
        # A sanitizer keeps what was freed, and shadows of all there is.
        self.measures_memory = not options.sanitized


def main():
    options = read_options()
    tools = Tools(options)
    tests = tests_of(options)
    chosen = {name: test for name, test in tests.items()
              if not options.names or name in options.names}
    if not chosen:
        print(f"kafka_faults: there are {', '.join(tests)}", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory(prefix="weir-kafka-") as folder:
        try:
            with cluster_for(options, Path(folder) / "kafka") as cluster:
                failed = run_all(chosen, cluster, tools, folder)
        except Missing as reason:
            print(f"kafka_faults: {reason}", file=sys.stderr)
            return 77
        except Failed as reason:
            print(f"kafka_faults: {reason}", file=sys.stderr)
            return 1
    print(f"{len(chosen) - failed} passed, {failed} failed")
    return 1 if failed else 0


def tests_of(options):
    if options.suite == "permissions":
        return permission_tests.TESTS
    if options.suite == "network":
        return network_tests.TESTS
    return {**produce_tests.TESTS[options.brokers], **consume_tests.TESTS[options.brokers]}


def cluster_for(options, folder):
    if options.suite == "permissions":
        return Cluster(folder, 1, permission_tests.PROPERTIES, permission_tests.LISTENERS)
    if options.suite == "network":
        find_runtime()  # From then on nothing can be fetched.
        network_tests.enter_namespace()
    return Cluster(folder, options.brokers)


def run_all(tests, cluster, tools, folder):
    failed = 0
    for name, test in tests.items():
        start = time.monotonic()

        def scenario(topic=name, **more):
            kind = ConsumeScenario if test.__module__ == "consume_tests" else Scenario
            return kind(cluster, tools, folder, topic, **more)
        try:
            outcome = test(scenario, cluster, tools)
            print(f"{name}: passed in {time.monotonic() - start:.1f} s  {outcome}", flush=True)
        except Exception:  # pylint: disable=broad-exception-caught  # Each is told; the rest runs.
            failed += 1
            print(f"{name}: FAILED\n{traceback.format_exc()}", flush=True)
            for errors in Path(folder).glob(f"{name}*.err"):
                print(errors.read_text()[-4000:], flush=True)
    return failed


def read_options():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--weir", type=Path, required=True)
    parser.add_argument("--topics", type=Path, required=True, help="the program kafka_topics")
    parser.add_argument("--brokers", type=int, choices=(1, 3), default=1)
    parser.add_argument("--suite", choices=("faults", "permissions", "network"), default="faults")
    parser.add_argument("--long", action="store_true", help="more faults, and longer ones")
    parser.add_argument("--freeze", type=int, metavar="SECONDS",
                        help="how long broker_frozen_unlimited freezes the broker")
    parser.add_argument("--sanitized", action="store_true",
                        help="weir is built with a sanitizer: its memory says nothing")
    parser.add_argument("names", nargs="*", metavar="NAME", help="tests; all without one")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
