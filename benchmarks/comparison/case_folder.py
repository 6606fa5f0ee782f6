"""A case as it lies in benchmarks/cases: case.json, and a configuration for each router."""

import json
from dataclasses import dataclass, field
from pathlib import Path

CASES = Path(__file__).resolve().parents[1] / "cases"
CONFIGURATION = {"weir": "weir.yaml", "rsyslog": "rsyslog.conf", "syslog-ng": "syslog-ng.conf",
                 "fluent-bit": "fluent-bit.yaml", "vector": "vector.yaml"}
REQUIRED = ("place", "title", "shows", "to", "collect", "load")
OPTIONAL = ("quick", "values", "allow_loss", "settle", "stalled", "saturates", "cannot", "notes",
            "raw_limit")
# The options of `weir bench` that a load may set.
LOAD = ("connections", "size", "rate", "events", "duration", "format", "seed")


class CaseError(Exception):
    """case.json is not what it should be."""


@dataclass
class CaseFolder:
    name: str
    place: int       # Among the others, in the report.
    title: str
    shows: str       # In a sentence: what one learns from it.
    to: str          # Where events are sent: a URL with @PORT@.
    collect: list    # Where they come out: URLs with @OUT@ or @OUT_PORT@; empty: nowhere.
    load: dict       # Arguments of `weir bench`, without the dashes.
    quick: dict      # What a quick look replaces in it.
    templates: dict  # Router -> Path.
    values: dict = field(default_factory=dict)    # More names for the templates.
    cannot: dict = field(default_factory=dict)    # Router -> why it has no configuration here.
    notes: list = field(default_factory=list)
    allow_loss: bool = False
    settle: str = "2s"
    stalled: bool = False    # @STALLED_PORT@ accepts connections and reads nothing.
    saturates: bool = True   # As fast as is taken; else at a rate, and latency means something.
    raw_limit: dict = None   # {"case", "side"} of bench.py's report that does the same work.

    def load_for(self, quick):
        return {**self.load, **(self.quick if quick else {})}


def load_case(folder):
    """Throws CaseError."""
    try:
        written = json.loads((folder / "case.json").read_text())
    except (OSError, ValueError) as error:
        raise CaseError(f"{folder.name}: case.json: {error}") from None
    check_keys(folder.name, written)
    templates = {router: folder / file for router, file in CONFIGURATION.items()
                 if (folder / file).is_file()}
    if "weir" not in templates:
        raise CaseError(f"{folder.name}: there is no weir.yaml")
    for router in CONFIGURATION:
        if (router in templates) == (router in written.get("cannot", {})):
            raise CaseError(f"{folder.name}: {router} needs either {CONFIGURATION[router]} or a "
                            "reason under \"cannot\" in case.json, and not both")
    return CaseFolder(name=folder.name, templates=templates,
                      **{"quick": {}, **written})


def check_keys(name, written):
    for key in REQUIRED:
        if key not in written:
            raise CaseError(f"{name}: case.json has no \"{key}\"")
    for key in written:
        if key not in REQUIRED + OPTIONAL:
            raise CaseError(f"{name}: case.json: unknown key \"{key}\"")
    for load in (written["load"], written.get("quick", {})):
        for key in load:
            if key not in LOAD:
                raise CaseError(f"{name}: case.json: unknown argument \"{key}\" of the load; "
                                f"there are {', '.join(LOAD)}")


def load_cases(folder=CASES):
    """By name, in the order of their places."""
    found = [load_case(path.parent) for path in sorted(folder.glob("*/case.json"))]
    return {case.name: case for case in sorted(found, key=lambda case: case.place)}
