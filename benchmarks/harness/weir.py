"""weir under test: its configuration, its start, its ledger and its end."""

import http.client
import json
import time

from .process import Invalid, Program, await_true

READY_SECONDS_MAX = 10
SETTLE_SECONDS_MAX = 120  # From the sender's end until the last event has been delivered.


class Weir:
    """One process. Use it as a context; `stop` ends it and returns the closing balance."""

    def __init__(self, binary, machine, config, name="weir"):
        self.folder = machine.scratch
        self.ports = self.folder / f"{name}.ports"
        self.ports.unlink(missing_ok=True)
        path = self.folder / f"{name}.yaml"
        path.write_text(f"port_file: {self.ports}\n"
                        f"control_socket: {self.folder / (name + '.sock')}\n"
                        "admin: 127.0.0.1:0\n"
                        "shards: 1\n" + config)
        self.program = Program([binary, "run", "-c", path], machine.program_cores,
                               self.folder / f"{name}.out", self.folder / f"{name}.err")
        try:
            self.listening = await_true(self._read_ports, READY_SECONDS_MAX, "port file",
                                        self.program, poll_seconds=0.0002)
        except Invalid:
            self.program.kill()
            raise
        self.seconds_to_ready = time.monotonic() - self.program.started

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        """Whatever failed: that weir is no longer there is the better explanation."""
        fell = kind is Invalid and self.program.ended() and self.program.exit_code not in (0, 3)
        self.program.__exit__(kind, error, trace)
        if fell:
            raise Invalid(f"weir ended with {self.program.exit_code} ({error}): "
                          f"{self.program.complaint()}") from error

    def _read_ports(self):
        try:
            return json.loads(self.ports.read_text())
        except (OSError, ValueError):
            return None  # Not there yet.

    def address(self, source="in"):
        return self.listening["sources"][source]

    def ledger(self):
        connection = http.client.HTTPConnection(self.listening["admin"], timeout=10)
        try:
            connection.request("GET", "/ledger", headers={"Host": self.listening["admin"]})
            answer = connection.getresponse()
            body = answer.read()
            if answer.status != 200:
                raise Invalid(f"GET /ledger answered {answer.status}")
            return Ledger(json.loads(body))
        except (OSError, ValueError, http.client.HTTPException) as error:
            raise Invalid(f"GET /ledger failed: {error}: {self.program.complaint()}") from None
        finally:
            connection.close()

    def await_settled(self, events, sinks=1, poll_seconds=0.002, stall_seconds=5):
        """Waits until `events` are accounted for at the source and delivered by each sink, or
        nothing has moved for `stall_seconds`; returns when the last movement was seen."""
        deadline = time.monotonic() + SETTLE_SECONDS_MAX
        before, moved = None, time.monotonic()
        while True:
            ledger = self.ledger()
            now = time.monotonic()
            if ledger.received + ledger.kernel_drops >= events and ledger.settled(sinks):
                return now
            state = (ledger.received, ledger.kernel_drops, ledger.delivered)
            if state != before:
                before, moved = state, now
            if now - moved > stall_seconds or now > deadline:
                return moved
            time.sleep(poll_seconds)

    def stop(self):
        """SIGTERM; returns the closing balance and the seconds that the end took."""
        seconds = self.program.terminate()
        for line in reversed((self.folder / self.program.stderr_path).read_text().splitlines()):
            if '"balance"' in line:
                ledger = Ledger(json.loads(line)["balance"])
                break
        else:
            raise Invalid(f"no closing balance on stderr: {self.program.complaint()}")
        if self.program.exit_code != 0 and ledger.lost == 0:
            raise Invalid(f"weir ended with {self.program.exit_code}: {self.program.complaint()}")
        if ledger.imbalance != 0:
            raise Invalid(f"weir's ledger does not balance: {ledger.imbalance}")
        return ledger, seconds


class Ledger:
    """The numbers of weir's ledger that the cases look at; unknown keys are let be."""

    def __init__(self, answer):
        sources, sinks = answer.get("sources", []), answer.get("sinks", [])
        self.received = sum(source.get("received", 0) for source in sources)
        self.received_bytes = sum(source.get("received_bytes", 0) for source in sources)
        self.kernel_drops = sum(source.get("dropped", {}).get("kernel_udp", 0)
                                for source in sources)
        self.connections = sum(source.get("connections", 0) for source in sources)
        self.delivered_by_sink = {sink["name"]: sink.get("delivered", 0) for sink in sinks}
        self.offered = sum(sink.get("offered", 0) for sink in sinks)
        self.delivered = sum(self.delivered_by_sink.values())
        self.dropped_by_sinks = sum(sum(sink.get("dropped", {}).values()) for sink in sinks)
        self.dropped_by_sources = sum(sum(source.get("dropped", {}).values())
                                      for source in sources)
        self.lost = answer.get("lost", self.dropped_by_sinks + self.dropped_by_sources)
        self.in_spool = sum(sink.get("in_spool", 0) for sink in sinks)
        self.spool_bytes = sum(sink.get("spool_bytes", 0) for sink in sinks)
        self.imbalance = answer.get("imbalance", 0)
        self.matched = {route["name"]: route.get("matched", 0)
                        for route in answer.get("routes", [])}

    def settled(self, sinks):
        """Everything that was offered is gone from memory, to as many copies as expected."""
        return (self.delivered + self.dropped_by_sinks == self.offered
                and self.delivered + self.dropped_by_sinks >= self.received * sinks)

    def check_delivered(self, events, copies=1):
        """Invalid unless every event sent was received, and delivered `copies` times."""
        if self.received != events:
            raise Invalid(f"{events} events were sent, weir received {self.received}")
        if self.delivered != events * copies or self.dropped_by_sinks or self.dropped_by_sources:
            raise Invalid(f"{events} events were sent to {copies} sinks, weir delivered "
                          f"{self.delivered}, dropped {self.dropped_by_sinks} in sinks and "
                          f"{self.dropped_by_sources} in sources")
