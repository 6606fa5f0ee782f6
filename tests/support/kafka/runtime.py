"""What the brokers run from: java, the jars, and what was made of them once to start faster."""

import shutil
import time
from dataclasses import dataclass
from pathlib import Path

import java
from broker import READY_SECONDS_MAX, Broker
from jars import jar_files, made_once
from ports import Ports
from properties import of_node
from storage import format_node, make_checkpoint
from waiting import await_true

ARCHIVE = "classes.jsa"
CHECKPOINT = "bootstrap.checkpoint"


@dataclass
class Runtime:
    java: Path
    jars: list
    options: list  # Of the JVM, beside those that all have.
    checkpoint: Path | None = None  # See make_checkpoint.

    def command(self, main_class, *arguments):
        return java.command(self.java, self.jars, self.options, main_class, *arguments)


def find_runtime(wait=time.sleep):
    """From the cache, after having filled it if need be. Missing where that cannot be done."""
    program = java.find_java()
    jars = jar_files(wait)
    key = f"{jars[0].parent.name.removeprefix('jars-')}-java-{java.key_of(program)}"

    def make(folder, wait):
        prepare(Runtime(program, jars, []), folder, wait)

    folder = made_once(f"start-{key}", make, wait)
    archive = folder / ARCHIVE
    # Without an archive the broker starts all the same, in twice the time.
    options = [f"-XX:SharedArchiveFile={archive}", "-Xshare:auto"] if archive.is_file() else []
    return Runtime(program, jars, options, folder / CHECKPOINT)


def prepare(runtime, folder, wait):
    """Fills a folder with a checkpoint, and with an archive of the classes that a broker loads,
    which is made by running one."""
    java.check_version(runtime.java)
    scratch = folder / "scratch"
    scratch.mkdir()
    runtime.checkpoint = folder / CHECKPOINT
    make_checkpoint(runtime, scratch, runtime.checkpoint, [], wait)
    runtime.options = [f"-XX:ArchiveClassesAtExit={folder / ARCHIVE}"]
    ports = Ports()
    nodes = {1: {"PLAINTEXT": ports.take(), "CONTROLLER": ports.take()}}
    broker = Broker(1, scratch / "broker-1", nodes[1], runtime)
    try:
        broker.create(of_node(1, nodes, broker.data, {}))
        format_node(broker.data, 1, runtime.checkpoint)
        broker.start()
        await_true(lambda: 1 in broker.known(), READY_SECONDS_MAX, "an answer of Kafka", wait)
        broker.stop(wait)
    finally:
        broker.kill()
        ports.close()
    shutil.rmtree(scratch)
