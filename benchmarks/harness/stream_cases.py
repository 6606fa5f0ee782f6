"""The cases that push bytes through: TCP and UDP, files, fan-out, routes, rsyslog."""

from . import rsyslog
from .case import Case, Target, ratio
from .process import Invalid
from .raw import with_rates
from .weir import Weir

TRAIN_DATAGRAMS = 64  # In one send of the generator with --gso.

# Every event takes one of the three routes, all three fields are read.
THREE_ROUTES = """routes:
  errors: {{when: 'level == "error" || status >= 500', to: {to}}}
  others: {{when: 'app == "web"', to: {to}}}
  rest: {{when: unmatched, to: {to}}}
"""
TCP_IN = 'sources: {in: "tcp://127.0.0.1:0"}\n'
UDP_IN = 'sources: {in: "udp://127.0.0.1:0"}\n'


class StreamCases:
    """Holds what the runs of these cases need; `all` gives the cases."""

    def __init__(self, raw, weir_binary, machine, quick):
        self.raw = raw
        self.weir_binary = weir_binary
        self.machine = machine
        # Long enough that a start of ten milliseconds is under a percent; a tenth for a quick look.
        scale = 0.1 if quick else 1
        self.read_bytes = int(4e9 * scale)
        self.write_bytes = int(2e9 * scale)
        self.rsyslog_bytes = int(3e8 * scale)
        self.fan_out_bytes = int(1e9 * scale)
        self.datagrams = int(3e6 * scale)
        self.train_datagrams = int(40e6 * scale) // TRAIN_DATAGRAMS * TRAIN_DATAGRAMS

    def all(self):
        return [self.blackhole(), self.file(), self.rsyslog(), self.udp(), self.udp_gro(),
                self.routes(), self.fan_out()]

    # The cases.

    def blackhole(self):
        config = TCP_IN + THREE_ROUTES.format(to="out") + "sinks: {out: blackhole}\n"
        return Case(
            "blackhole", "TCP, three-field route, blackhole",
            {"raw": lambda: self.raw.receive_tcp("receive_fields", self.read_bytes),
             "raw block": lambda: self.raw.receive_tcp("receive_fields_block", self.read_bytes),
             "weir": lambda: self.weir_tcp(config, self.read_bytes, matched="errors")},
            [Target("MB per CPU-second, weir / raw", ratio("mb_per_cpu_second", "weir", "raw"),
                    0.90),
             Target("the same / raw block", ratio("mb_per_cpu_second", "weir", "raw block"))],
            check=same_matches)

    def file(self):
        raw_file, weir_file = self.scratch("raw.ndjson"), self.scratch("weir.ndjson")
        config = (TCP_IN + THREE_ROUTES.format(to="out")
                  + f'sinks: {{out: "file://{weir_file}"}}\n')
        return Case(
            "file", "TCP, three-field route, file",
            {"raw": lambda: self.raw_file(raw_file),
             "weir": lambda: self.weir_tcp(config, self.write_bytes, files=[weir_file])},
            [Target("MB/s, weir / raw", ratio("mb_per_second", "weir", "raw"), 0.95),
             Target("MB per CPU-second, weir / raw", ratio("mb_per_cpu_second", "weir", "raw"),
                    0.75)])

    def rsyslog(self):
        errors, everything = self.scratch("weir-errors.ndjson"), self.scratch("weir-all.ndjson")
        config = (TCP_IN + """routes:
  errors: {when: 'level == "error" || status >= 500', to: [errors, all]}
  rest: {when: unmatched, to: all}
sinks:
""" + f'  errors: "file://{errors}"\n  all: "file://{everything}"\n')
        return Case(
            "rsyslog", "TCP, errors to one file and all to another, against rsyslog",
            {"rsyslog": lambda: rsyslog.run_two_files(self.raw, self.machine, self.rsyslog_bytes),
             "weir": lambda: self.weir_two_files(config, errors, everything)},
            [Target("MB per CPU-second, weir / rsyslog",
                    ratio("mb_per_cpu_second", "weir", "rsyslog"), 10),
             Target("MB/s, weir / rsyslog", ratio("mb_per_second", "weir", "rsyslog"))],
            check=same_errors)

    def udp(self):
        return Case(
            "udp", "UDP, datagrams of 400 bytes, blackhole",
            {"raw": lambda: self.raw.receive_udp(self.datagrams, False),
             "weir": lambda: self.weir_udp(self.datagrams)},
            [Target("datagrams per CPU-second, weir / raw",
                    ratio("events_per_cpu_second", "weir", "raw"), 0.90),
             Target("datagrams/s received, weir / raw", ratio("events_per_second", "weir", "raw"),
                    0.90)],
            shown="events_per_cpu_second")

    def udp_gro(self):
        return Case(
            "udp_gro", "UDP, the same in trains (GSO, GRO)",
            {"raw": lambda: self.raw.receive_udp(self.train_datagrams, True, "--gso"),
             "weir": lambda: self.weir_udp(self.train_datagrams, "--gso")},
            # 4 million a second where raw does 10.
            [Target("datagrams/s received, weir / raw", ratio("events_per_second", "weir", "raw"),
                    0.40),
             Target("datagrams/s received by weir", lambda r: r["weir"]["events_per_second"]),
             Target("datagrams/s received by raw", lambda r: r["raw"]["events_per_second"])],
            shown="events_per_second")

    def routes(self):
        one = 'routes:\n  match: {when: \'app != ""\', to: out}\n'
        thousand = one + "".join(f"  x{i}: {{when: 'app == \"x{i}\"', to: out}}\n"
                                 for i in range(1000))
        end = "sinks: {out: blackhole}\n"
        return Case(
            "routes", "1,000 routes on equality beside one that matches, against that one",
            {"one": lambda: self.weir_tcp(TCP_IN + one + end, self.fan_out_bytes,
                                          matched="match"),
             "thousand": lambda: self.weir_tcp(TCP_IN + thousand + end, self.fan_out_bytes,
                                               matched="match")},
            [Target("MB per CPU-second, 1,001 routes / 1",
                    ratio("mb_per_cpu_second", "thousand", "one"), 0.5)])

    def fan_out(self):
        path = self.scratch("fan-out.ndjson")
        sinks = {
            "file": f'  file: "file://{path}"\n',
            "prometheus": "  prometheus:\n    url: prometheus\n    metrics:\n"
                          "      - {name: events_total, type: counter, labels: [app, status]}\n",
            "blackhole": "  blackhole: blackhole\n",
        }

        def run(names):
            config = (TCP_IN + THREE_ROUTES.format(to="[" + ", ".join(names) + "]")
                      + "sinks:\n" + "".join(sinks[name] for name in names))
            return self.weir_tcp(config, self.fan_out_bytes, copies=len(names),
                                 files=[path] if "file" in names else [])

        def allowed(round_):
            parse = round_["fields"]["cpu_seconds"] - round_["lines"]["cpu_seconds"]
            return sum(round_[name]["cpu_seconds"] for name in sinks) - 2 * parse

        sides = {"lines": lambda: self.raw.receive_tcp("receive_lines", self.fan_out_bytes),
                 "fields": lambda: self.raw.receive_tcp("receive_fields", self.fan_out_bytes)}
        for name in sinks:
            sides[name] = lambda name=name: run([name])
        sides["all three"] = lambda: run(list(sinks))
        return Case(
            "fan_out", "file, prometheus and blackhole at once, against each alone", sides,
            [Target("CPU of all three / (sum alone - 2 x parse)",
                    lambda round_: round_["all three"]["cpu_seconds"] / allowed(round_),
                    1.0, at_least=False)],
            shown="cpu_seconds")

    # Single runs.

    def scratch(self, name):
        return self.machine.scratch / name

    def raw_file(self, path):
        self.machine.make_room(path, self.write_bytes)
        figures = self.raw.receive_tcp("receive_fields_write", self.write_bytes, path)
        check_size(path, figures["bytes"])
        return figures

    def weir_tcp(self, config, bytes_total, copies=1, files=(), matched=None):
        """One run over TCP: every byte sent, received, delivered to `copies` sinks."""
        for path in files:
            self.machine.make_room(path, bytes_total)
        with Weir(self.weir_binary, self.machine, config) as weir:
            sent = self.raw.send_tcp(weir.address(), bytes_total)
            settled = weir.await_settled(sent["events"], copies)
            ledger, _ = weir.stop()
            figures = {**weir.program.figures(), "bytes": sent["bytes"], "events": sent["events"],
                       "seconds": settled - sent["started"], "matched": ledger.matched}
        ledger.check_delivered(sent["events"], copies)
        if matched and ledger.matched and not ledger.matched.get(matched):
            raise Invalid(f"the route {matched} was not exercised")
        for path in files:
            check_size(path, sent["bytes"])
        return with_rates(figures)

    def weir_two_files(self, config, errors, everything):
        errors.unlink(missing_ok=True)
        self.machine.make_room(everything, self.rsyslog_bytes)
        with Weir(self.weir_binary, self.machine, config) as weir:
            sent = self.raw.send_tcp(weir.address(), self.rsyslog_bytes)
            settled = weir.await_settled(sent["events"])
            ledger, _ = weir.stop()
            figures = {**weir.program.figures(), "bytes": sent["bytes"], "events": sent["events"],
                       "seconds": settled - sent["started"]}
        if ledger.received != sent["events"] or ledger.lost:
            raise Invalid(f"{sent['events']} events were sent, weir received {ledger.received} "
                          f"and lost {ledger.lost}")
        if ledger.delivered_by_sink.get("all") != sent["events"]:
            raise Invalid(f"{sent['events']} events were sent, weir wrote "
                          f"{ledger.delivered_by_sink.get('all')}")
        check_size(everything, sent["bytes"])
        figures["errors_bytes"] = check_size(errors)
        return with_rates(figures)

    def weir_udp(self, count, *send_arguments):
        """One run over UDP: every datagram received, or counted as dropped by the kernel."""
        config = UDP_IN + "sinks: {out: blackhole}\n"
        # What the kernel dropped is not known at once, and asking costs weir CPU time.
        rarely = {"poll_seconds": 0.02, "stall_seconds": 0.5}
        with Weir(self.weir_binary, self.machine, config) as weir:
            sent = self.raw.send("udp", weir.address(), "--count", count, *send_arguments)
            settled = weir.await_settled(sent["events"], **rarely)
            # The kernel tells how many it dropped with the next datagram that it delivers.
            self.raw.send("udp", weir.address(), "--count", 1)
            weir.await_settled(sent["events"] + 1, **rarely)
            ledger, _ = weir.stop()
            figures = {**weir.program.figures(), "bytes": ledger.received * 400,
                       "events": ledger.received, "sent": sent["events"] + 1,
                       "dropped_by_kernel": ledger.kernel_drops,
                       "seconds": settled - sent["started"]}
        missing = sent["events"] + 1 - ledger.received
        # The kernel counts a train that it drops as one.
        if missing not in (ledger.kernel_drops, ledger.kernel_drops * TRAIN_DATAGRAMS):
            raise Invalid(f"{missing} datagrams are missing, weir knows of {ledger.kernel_drops} "
                          "dropped by the kernel")
        if ledger.received == 0 or ledger.delivered + ledger.dropped_by_sinks != ledger.received:
            raise Invalid(f"weir received {ledger.received} datagrams and delivered "
                          f"{ledger.delivered}")
        return with_rates(figures)


def same_matches(round_):
    """Where weir's ledger counts per route, the condition held as often as in the raw program."""
    counted = round_["weir"]["matched"].get("errors", round_["raw"]["matches"])
    if counted != round_["raw"]["matches"]:
        raise Invalid(f"the condition held {round_['raw']['matches']} times in the raw program, "
                      f"{counted} times in weir")


def same_errors(round_):
    weir, other = round_["weir"]["errors_bytes"], round_["rsyslog"]["errors_bytes"]
    if weir != other:
        raise Invalid(f"rsyslog wrote {other} bytes of errors, weir {weir}")


def check_size(path, expected=None):
    """The bytes of a file that a run wrote; Invalid where they are none, or not as expected."""
    size = path.stat().st_size if path.exists() else 0
    if size == 0 or (expected is not None and size != expected):
        raise Invalid(f"{path.name} has {size} bytes, expected {expected or 'some'}")
    return size
