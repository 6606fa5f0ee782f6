"""The programs of benchmarks/raw: the load generator and the receivers."""

import json
import subprocess

from .process import Invalid, Program, await_true

RUN_SECONDS_MAX = 300


class Raw:
    """Knows where the programs are, and the machine they run on."""

    def __init__(self, folder, machine):
        self.folder = folder
        self.machine = machine

    def path(self, name):
        path = self.folder / f"raw_{name}"
        if not path.is_file():
            raise Invalid(f"{path} is not there: build the target raw_{name}")
        return path

    def send(self, protocol, address, *arguments):
        """Runs the load generator to its end and returns what it says that it sent."""
        command = ["taskset", "-c", str(min(self.machine.generator_cores)),
                   self.path("send"), protocol, address, *arguments]
        try:
            done = subprocess.run([str(word) for word in command], capture_output=True, text=True,
                                  timeout=RUN_SECONDS_MAX, check=False)
        except subprocess.TimeoutExpired:
            raise Invalid(f"the load generator was not done after {RUN_SECONDS_MAX} s") from None
        if done.returncode != 0:
            raise Invalid(f"the load generator failed: {done.stderr.strip()}")
        sent = json.loads(done.stdout)
        if sent["events"] == 0:
            raise Invalid("the load generator sent nothing")
        return sent

    def send_tcp(self, address, bytes_total, *arguments):
        return self.send("tcp", address, *self.machine.payload_arguments, "--bytes", bytes_total,
                         *arguments)

    def start(self, name, *arguments):
        """Starts a receiver and returns it with the address on which it waits."""
        out = self.machine.scratch / f"raw_{name}.out"
        program = Program([self.path(name), *arguments], self.machine.program_cores, out,
                          self.machine.scratch / f"raw_{name}.err")
        try:
            port = await_true(lambda: first_line(out), 10, "port", program)
        except Invalid:
            program.kill()
            raise
        return program, f"127.0.0.1:{port.split()[1]}"

    def finish(self, program, name):
        """The figures of a receiver that ends by itself."""
        if not program.wait(RUN_SECONDS_MAX) or program.exit_code != 0:
            raise Invalid(f"{name} ended with {program.exit_code}: {program.complaint()}")
        lines = (self.machine.scratch / f"raw_{name}.out").read_text().splitlines()
        return {**json.loads(lines[-1]), **program.figures()}

    def receive_tcp(self, name, bytes_total, *arguments):
        """A receiver against the generator, and the check that it saw what was sent."""
        program, address = self.start(name, *arguments)
        with program:
            sent = self.send_tcp(address, bytes_total)
            figures = self.finish(program, name)
        check_same(sent, figures)
        return with_rates(figures)

    def receive_udp(self, count, gro, *send_arguments):
        program, address = self.start("receive_udp", *(["--gro"] if gro else []))
        with program:
            sent = self.send("udp", address, "--count", count, "--end", *send_arguments)
            figures = self.finish(program, "receive_udp")
        if figures["datagrams"] == 0:
            raise Invalid("no datagram arrived")
        figures["sent"] = sent["events"]
        figures["events"] = figures["datagrams"]
        return with_rates(figures)


def first_line(path):
    lines = path.read_text().split("\n")
    return lines[0] if len(lines) > 1 else ""


def check_same(sent, figures):
    if figures["bytes"] != sent["bytes"]:
        raise Invalid(f"{sent['bytes']} bytes were sent, {figures['bytes']} received")
    if figures.get("events", sent["events"]) != sent["events"]:
        raise Invalid(f"{sent['events']} events were sent, {figures['events']} received")
    if figures.get("matches", 1) == 0:
        raise Invalid("no event matched: the condition was not exercised")


def with_rates(figures):
    """Adds what the targets are about. Requires: bytes, events, seconds, cpu_seconds."""
    if figures["seconds"] <= 0 or figures["cpu_seconds"] <= 0:
        raise Invalid("the run took no time")
    megabytes = figures["bytes"] / 1e6
    figures["mb_per_second"] = megabytes / figures["seconds"]
    figures["mb_per_cpu_second"] = megabytes / figures["cpu_seconds"]
    figures["events_per_second"] = figures.get("events", 0) / figures["seconds"]
    figures["events_per_cpu_second"] = figures.get("events", 0) / figures["cpu_seconds"]
    return figures
