"""What a test found, and the report of all: a table for people, JSON for programs."""

import json
from dataclasses import asdict, dataclass, field

PASSED, FAILED, INVALID, SKIPPED = "passed", "failed", "invalid", "skipped"


class Skipped(Exception):
    """A test cannot be run here; the text says why."""


@dataclass
class Figures:
    """The figures of one test; the same ones for every test, None where one has no meaning."""

    name: str
    seed: int
    trials: int = 0
    faults: int = 0
    invalid_trials: int = 0     # Nothing was in flight at the fault: proves nothing.
    issued: int = 0
    acknowledged: int = 0
    delivered: int = 0
    lost_acked: int = 0
    missing: int = 0            # Issued and not delivered, acknowledged or not.
    torn: int = 0
    corrupted: int = 0
    spurious: int = 0
    duplicates: int = 0
    out_of_order: int = 0
    unaccounted: int = 0        # By the router's own books.
    seconds: float = 0
    recovery_seconds: list = field(default_factory=list)  # One for each fault.
    more: dict = field(default_factory=dict)              # What only this test measures.
    problems: list = field(default_factory=list)
    skipped: str = ""                                     # Why.

    def add(self, verdict):
        """Adds what the oracle said of a trial."""
        for name in ("issued", "acknowledged", "delivered", "lost_acked", "missing", "torn",
                     "corrupted", "spurious", "duplicates", "out_of_order"):
            setattr(self, name, getattr(self, name) + getattr(verdict, name))
        if verdict.examples:
            self.more.setdefault("examples", []).extend(verdict.examples)

    def check(self, holds, problem):
        """Notes a problem unless the condition holds; the test goes on."""
        if not holds:
            self.problems.append(problem)
        return holds

    def check_speed(self, context, holds, problem):
        """check() of a time that weir promises to keep. Only the long form asks for it, on a machine
        that does nothing else: beside other tests, or with a sanitizer in it, any time may pass."""
        return self.check(holds or not context.long or context.sanitized, problem)

    def status(self):
        """A problem is a failure; without one, a test that exercised too little is invalid."""
        if self.skipped:
            return SKIPPED
        if self.problems:
            return FAILED
        return INVALID if self.invalid_trials or not self.trials else PASSED

    def bound(self):
        """No failure in N trials: with 95 % confidence a trial fails with at most this chance."""
        valid = self.trials - self.invalid_trials
        return 1 - 0.05 ** (1 / valid) if valid > 0 and not self.problems else None

    def as_json(self):
        """All of it, with what is derived."""
        shown = asdict(self)
        del shown["recovery_seconds"]
        times = sorted(self.recovery_seconds)
        return shown | {
            "status": self.status(),
            "duplicates_percent": 100 * self.duplicates / self.delivered if self.delivered else 0,
            "recovery_p50_seconds": percentile(times, 0.50),
            "recovery_p99_seconds": percentile(times, 0.99),
            "recovery_max_seconds": times[-1] if times else None,
            "failure_chance_bound_95": self.bound(),
        }


def percentile(ordered, share):
    """Of a sorted list: the least value that `share` of all do not exceed; None of an empty one."""
    if not ordered:
        return None
    return ordered[min(len(ordered) - 1, max(0, -int(-share * len(ordered) // 1) - 1))]


COLUMNS = (  # Heading, key, how it is shown.
    ("test", "name", "{}"), ("", "status", "{}"), ("trials", "trials", "{}"),
    ("faults", "faults", "{}"), ("issued", "issued", "{}"), ("acked", "acknowledged", "{}"),
    ("delivered", "delivered", "{}"), ("lost acked", "lost_acked", "{}"),
    ("torn", "torn", "{}"), ("corrupt", "corrupted", "{}"), ("spurious", "spurious", "{}"),
    ("dup", "duplicates", "{}"), ("dup %", "duplicates_percent", "{:.2f}"),
    ("unaccounted", "unaccounted", "{}"), ("ready p50", "recovery_p50_seconds", "{:.3f}"),
    ("p99", "recovery_p99_seconds", "{:.3f}"), ("max", "recovery_max_seconds", "{:.3f}"),
    ("95% bound", "failure_chance_bound_95", "{:.4f}"), ("s", "seconds", "{:.1f}"),
    ("seed", "seed", "{}"))


def table(all_figures):
    """A line for each test; below it what only some have to say."""
    rows = [[heading for heading, _, _ in COLUMNS]]
    for figures in all_figures:
        known = figures.as_json()
        rows.append([form.format(known[key]) if known[key] is not None else "-"
                     for _, key, form in COLUMNS])
    widths = [max(len(row[i]) for row in rows) for i in range(len(COLUMNS))]
    lines = ["  ".join(cell.ljust(width) if i < 2 else cell.rjust(width)
                       for i, (cell, width) in enumerate(zip(row, widths))).rstrip()
             for row in rows]
    for figures in all_figures:
        notes = [figures.skipped] if figures.skipped else figures.problems[:5]
        if figures.invalid_trials:
            notes.append(f"{figures.invalid_trials} trials with nothing in flight")
        notes += [f"{key}: {shown(value)}" for key, value in figures.more.items()]
        lines += [f"  {figures.name}: {note}" for note in notes]
    return "\n".join(lines)


def shown(value):
    """A figure as a person reads it."""
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, dict):
        return ", ".join(f"{key} {shown(each)}" for key, each in value.items())
    return str(value)


def write_json(path, all_figures, about):
    """`about`: of the run as a whole."""
    tests = [figures.as_json() for figures in all_figures]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({**about, "tests": tests}, indent=1) + "\n")
