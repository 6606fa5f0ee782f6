#!/usr/bin/env python3
"""The scaled-out form on one machine: an app's events go through a weir to Kafka, and from there
through two others, one group, into files. One of the two is killed on the way, and nothing is lost.

Starts a real Kafka for it, with the machine's Java; needs Maven the first time. Works in a directory
of its own and leaves nothing behind.
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests" / "support" / "kafka"))

from cluster import Cluster  # noqa: E402
from errors import Failed, Missing  # noqa: E402

WEIR = ROOT / "build" / "release" / "weir"
TOPICS = ROOT / "build" / "release" / "tests" / "support" / "kafka_topics"
CONFIG = ROOT / "deploy" / "scaled_out"
PARTITIONS = 4
RATE = 20_000
SECONDS = 20


def main():
    with tempfile.TemporaryDirectory(prefix="weir-demo-") as folder:
        folder = Path(folder)
        say("A real Kafka, one broker")
        try:
            with Cluster(folder / "kafka") as cluster:
                return demonstrate(cluster, folder)
        except Missing as reason:
            print(f"    not to be had here: {reason}")
            return 77
        except Failed as reason:
            print(f"    {reason}")
            return 1


def demonstrate(cluster, folder):
    brokers = cluster.bootstrap()
    subprocess.run([TOPICS, "create", brokers, "logs", str(PARTITIONS), "1"], check=True)
    print(f"    {brokers}, topic logs with {PARTITIONS} partitions")
    with Routers(folder, brokers) as routers:
        say("The sidecar: weir run -c deploy/scaled_out/sidecar.yaml")
        port = routers.start("sidecar", "sidecar.yaml")
        print(f"    listens on {port}")
        say("Two drains: weir run -c deploy/scaled_out/drain.yaml, twice")
        for name in ("drain-1", "drain-2"):
            routers.start(name, "drain.yaml")
            print(f"    {name} writes {name}/{{app}}.ndjson")
        say(f"The app sends {RATE:,} events a second for {SECONDS} s")
        accident = threading.Thread(target=routers.accident)
        accident.start()
        code = judge(folder, port)
        accident.join()
        routers.stop_all()
    return code


class Routers:
    """The processes, each with a directory for its files."""

    def __init__(self, folder, brokers):
        self.folder = folder
        self.brokers = brokers
        self.running = {}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for process in self.running.values():
            process.kill()
            process.wait()

    def start(self, name, config):
        """Returns where it listens, "" where it does not."""
        logs = self.folder / name
        logs.mkdir()
        ports = self.folder / f"{name}.ports"
        environment = {"PATH": os.environ["PATH"], "KAFKA": self.brokers, "PORT": "0", "ADMIN": "127.0.0.1:0",
                       "LOG_DIR": str(logs), "WEIR_PORT_FILE": str(ports), "WEIR_SHARDS": "1",
                       "WEIR_CONTROL_SOCKET": str(self.folder / f"{name}.sock")}
        with open(self.folder / f"{name}.log", "wb") as errors:
            process = subprocess.Popen([WEIR, "run", "-c", CONFIG / config], env=environment,
                                       stdin=subprocess.DEVNULL, stderr=errors)
        self.running[name] = process
        while not ports.exists():
            if process.poll() is not None:
                raise Failed((self.folder / f"{name}.log").read_text())
            time.sleep(0.02)
        return json.loads(ports.read_text())["sources"].get("app", "")

    def accident(self):
        time.sleep(SECONDS / 4)
        self.running["drain-1"].send_signal(signal.SIGKILL)
        self.running.pop("drain-1").wait()
        print("    ** drain-1 is killed (SIGKILL); drain-2 goes on with its half", flush=True)
        time.sleep(SECONDS / 4)
        self.start("drain-3", "drain.yaml")
        print("    ** drain-3 is started in its place; the group gives it half", flush=True)

    def stop_all(self):
        say("SIGTERM for all; what each had delivered and confirmed")
        for name, process in list(self.running.items()):
            process.terminate()
            process.wait()
            del self.running[name]
            balance = closing_balance(self.folder / f"{name}.log")
            source, sink = balance["sources"][0], balance["sinks"][0]
            print(f"    {name:8} received {source['received']:8,}  delivered "
                  f"{sink['delivered']:8,}  lost {balance['lost']}  exit code {process.returncode}")


def judge(folder, port):
    """Sends, collects and judges with weir's own bench. The group needs a moment after a death."""
    result = folder / "result.json"
    subprocess.run([WEIR, "bench", "--quiet", "--to", f"tcp://{port}", "--rate", f"{RATE}/s",
                    "--duration", f"{SECONDS}s", "--collect", f"{folder}/drain-*/*.ndjson",
                    "--settle", "20s", "--json", result], check=False,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    found = json.loads(result.read_text())
    say("What weir bench found in the files of all drains")
    for name in ("issued", "collected", "lost", "duplicated", "reordered", "corrupted"):
        print(f"    {name:11}{found[name]:9,}")
    print("    Duplicates are what drain-1 had written and not yet confirmed: at least once.")
    good = found["issued"] > 0 and found["lost"] == 0 and found["corrupted"] == 0
    print("    Nothing was lost." if good else "    THAT IS NOT AS IT SHOULD BE.")
    return 0 if good else 1


def closing_balance(log):
    for line in reversed(log.read_text().splitlines()):
        if '"balance"' in line:
            return json.loads(line)["balance"]
    raise Failed(f"no closing balance in {log}")


def say(what):
    bold, plain = ("\033[1m", "\033[0m") if sys.stdout.isatty() else ("", "")
    print(f"\n{bold}{what}{plain}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
