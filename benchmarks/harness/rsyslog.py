"""rsyslog as Debian ships it, for the comparison: rsyslog/two_files.conf.in."""

import os
import shutil
import socket
import time
from pathlib import Path

from .process import Invalid, Missing, Program, await_true
from .raw import with_rates

TEMPLATE = Path(__file__).resolve().parents[1] / "rsyslog" / "two_files.conf.in"
PLACES = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/sbin"])


def find_binary():
    binary = shutil.which("rsyslogd", path=PLACES)
    if binary is None:
        raise Missing("rsyslogd is not installed: apt-get install rsyslog")
    return binary


def run_two_files(raw, machine, bytes_total):
    """One run: start, feed, wait until both files are whole, stop."""
    binary = find_binary()
    port = free_port()
    files = {"errors": machine.scratch / "rsyslog-errors.ndjson",
             "all": machine.scratch / "rsyslog-all.ndjson"}
    for path in files.values():
        path.unlink(missing_ok=True)
    pid_file = machine.scratch / "rsyslog.pid"
    pid_file.unlink(missing_ok=True)
    config = machine.scratch / "rsyslog.conf"
    config.write_text(fill_in({"SCRATCH": machine.scratch, "PORT": port,
                               "ERRORS": files["errors"], "ALL": files["all"]}))
    command = [binary, "-n", "-f", config, "-i", pid_file]
    with Program(command, machine.program_cores, machine.scratch / "rsyslog.out",
                 machine.scratch / "rsyslog.err") as program:
        await_true(lambda: is_listening(port), 10, "listening rsyslogd", program,
                   poll_seconds=0.05)
        sent = raw.send_tcp(f"127.0.0.1:{port}", bytes_total)
        # It holds back the last buffer of each file until it ends, so its end is awaited; the
        # sender's end is when it had taken everything off the socket.
        program.terminate()
        figures = {**program.figures(), "bytes": sent["bytes"], "events": sent["events"],
                   "seconds": time.monotonic() - sent["started"]}
    if files["all"].stat().st_size != sent["bytes"]:
        raise Invalid(f"{sent['bytes']} bytes were sent, rsyslog wrote "
                      f"{files['all'].stat().st_size}")
    figures["errors_bytes"] = files["errors"].stat().st_size if files["errors"].exists() else 0
    if figures["errors_bytes"] == 0:
        raise Invalid("rsyslog found no error: its condition was not exercised")
    return with_rates(figures)


def fill_in(values):
    text = TEMPLATE.read_text()
    for name, value in values.items():
        text = text.replace(f"@{name}@", str(value))
    return text


def free_port():
    """rsyslog cannot say which port it chose, so one is chosen for it."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def is_listening(port):
    """Looks into /proc: a probing connection would be one more client."""
    wanted = f"0100007F:{port:04X}"
    with open("/proc/net/tcp") as table:
        return any(line.split()[1] == wanted and line.split()[3] == "0A"
                   for line in table.readlines()[1:])
