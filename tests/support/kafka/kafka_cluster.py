#!/usr/bin/env python3
"""Runs a real Kafka for tests: one or three brokers in KRaft mode, on 127.0.0.1.

start prints the bootstrap servers when the brokers are ready and stays until SIGTERM, SIGINT or the
end of a pipe on stdin; then brokers and data are gone. The other commands act on one broker of the
cluster that runs in DIR, and return when it is done.
Exit code 77: Kafka cannot be had here (no Java, no Maven, no network); skip the test.
"""

import argparse
import sys
from pathlib import Path

import control
from cluster import Cluster
from ending import Ending
from errors import Asked, Failed, Missing
from properties import LISTENERS
from runtime import find_runtime


def main(words=None):
    options = parser().parse_args(words)
    try:
        if options.verb == "start":
            start(options)
        elif options.verb == "fetch":
            find_runtime(Ending().wait)
        else:
            control.ask(options.dir, options.verb, options.node)
    except Asked:
        return 0 if options.verb == "start" else 1  # A fetch that was cut short fetched nothing.
    except (Failed, Missing) as error:
        print(f"kafka_cluster.py: {error}", file=sys.stderr)
        return error.exit_code
    return 0


def start(options):
    """Returns when it is asked to end."""
    ending = Ending()
    cluster = Cluster(options.dir, options.brokers, dict(options.property), options.listener,
                      options.scram, ending.wait)
    with cluster:
        listener = control.listen(cluster.folder)
        try:
            print(cluster.bootstrap(), flush=True)
            while True:
                ending.wait_for(listener)
                control.serve_one(listener, cluster)
        finally:
            listener.close()
            (cluster.folder / control.NAME).unlink(missing_ok=True)


def parser():
    top = argparse.ArgumentParser(description=__doc__,
                                  formatter_class=argparse.RawDescriptionHelpFormatter)
    verbs = top.add_subparsers(dest="verb", required=True, metavar="COMMAND")
    verbs.add_parser("fetch", help="only fill the cache, for example when an image is built")
    verb = verbs.add_parser("start", help="run a cluster until asked to end")
    verb.add_argument("--dir", type=Path, required=True, help="for data and logs; made if needed")
    verb.add_argument("--brokers", type=int, choices=(1, 3), default=1)
    verb.add_argument("--property", type=setting, action="append", default=[], metavar="KEY=VALUE",
                      help="of all brokers, in place of what is set otherwise; may be repeated")
    verb.add_argument("--listener", choices=LISTENERS, action="append", default=[],
                      help="one more, beside PLAINTEXT; its addresses are in DIR/bootstrap.NAME")
    verb.add_argument("--scram", action="append", default=[],
                      metavar="SCRAM-SHA-256=[name=USER,password=PASSWORD]",
                      help="a user for SASL with SCRAM; may be repeated")
    for name in control.VERBS:
        verb = verbs.add_parser(name, help=f"{name.split('-')[0]} one broker")
        verb.add_argument("node", type=int, help="1, 2 or 3")
        verb.add_argument("--dir", type=Path, required=True, help="as given to start")
    return top


def setting(text):
    key, equals, value = text.partition("=")
    if not key or not equals:
        raise argparse.ArgumentTypeError(f"{text}: want KEY=VALUE")
    return key, value


if __name__ == "__main__":
    sys.exit(main())
