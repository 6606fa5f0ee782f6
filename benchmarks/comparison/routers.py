"""The routers that can be compared: how each is found, asked for its version, and started.

To add one: a Router here, its file in case_folder.CONFIGURATION, and a configuration (or the reason
why there is none) in each case.
"""

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Callable

# rsyslogd is no command of a user.
PLACES = os.pathsep.join([os.environ.get("PATH", ""), "/usr/local/sbin", "/usr/sbin", "/sbin"])
# Debian lets only one system log daemon be installed, so scripts/unpack_syslog_ng.sh puts this one
# beside rsyslog without installing it.
UNPACKED = Path(__file__).resolve().parents[2] / "build" / "bench" / "routers"
SYSLOG_NG = UNPACKED / "syslog-ng"
VERSION = re.compile(r"\d+\.\d+(\.\d+)?\S*")


@dataclass
class Router:
    name: str
    program: str
    version_arguments: list
    command: Callable   # (binary, configuration, folder of its own) -> words; in the foreground.
    where_from: str     # For who misses it.
    start: Callable = lambda binary: [binary]
    binary: str = None  # Where it was found.
    version: str = None

    def describe(self):
        if self.binary is None:
            return {"name": self.name, "status": "missing", "reason": self.where_from}
        return {"name": self.name, "status": "found", "binary": self.binary,
                "version": self.version}


def weir_command(binary, configuration, _):
    return [binary, "run", "-c", configuration]


def rsyslog_command(binary, configuration, folder):
    return [binary, "-n", "-f", configuration, "-i", folder / "rsyslog.pid"]


def syslog_ng_command(binary, configuration, folder):
    # What it would otherwise keep under /var/lib belongs to the machine's own.
    return [*syslog_ng_start(binary), "-F", "-f", configuration, "--no-caps",
            "--persist-file", folder / "syslog-ng.persist", "--pidfile", folder / "syslog-ng.pid",
            "--control", folder / "syslog-ng.ctl"]


def syslog_ng_start(binary):
    """Unpacked, it has to be told where its parts are."""
    if not Path(binary).is_relative_to(SYSLOG_NG):
        return [binary]
    parts = SYSLOG_NG / "usr" / "lib" / "syslog-ng"
    modules = ":".join(str(each) for each in parts.glob("[0-9]*"))
    return ["env", f"LD_LIBRARY_PATH={parts}", binary, f"--module-path={modules}"]


def fluent_bit_command(binary, configuration, _):
    return [binary, "--quiet", "--config", configuration]


def vector_command(binary, configuration, _):
    # As many threads as weir has shards: as many as cores are given to it.
    return [binary, "--quiet", "--config", configuration]


def known_routers():
    """All, in the order in which they are shown."""
    return [
        Router("weir", "weir", ["--version"], weir_command, "build it, or name it with --weir"),
        Router("rsyslog", "rsyslogd", ["-v"], rsyslog_command, "apt-get install rsyslog"),
        Router("syslog-ng", "syslog-ng", ["--version"], syslog_ng_command,
               "scripts/setup.sh bench, or apt-get install syslog-ng-core in place of rsyslog",
               start=syslog_ng_start),
        Router("fluent-bit", "fluent-bit", ["--version"], fluent_bit_command,
               "no package of Debian's; see docs.fluentbit.io, 4.2 or later"),
        Router("vector", "vector", ["--version"], vector_command,
               "no package of Debian's; see vector.dev"),
    ]


def find_routers(weir_binary=None):
    """All, those that are installed with `binary` and `version`."""
    routers = known_routers()
    for router in routers:
        if router.name == "weir" and weir_binary is not None:
            router.binary = str(weir_binary)
        else:
            router.binary = shutil.which(router.program, path=PLACES)
        if router.name == "syslog-ng" and router.binary is None:
            unpacked = SYSLOG_NG / "usr" / "sbin" / "syslog-ng"
            router.binary = str(unpacked) if unpacked.is_file() else None
        if router.binary is not None:
            router.version = version_of(router)
    return routers


def version_of(router):
    """The first number with dots in what it says; "unknown" if it says none."""
    try:
        command = [*router.start(router.binary), *router.version_arguments]
        done = subprocess.run(command, capture_output=True, text=True, timeout=10, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return "unknown"
    found = VERSION.search(done.stdout + done.stderr)
    return found.group(0).strip("(),") if found else "unknown"
