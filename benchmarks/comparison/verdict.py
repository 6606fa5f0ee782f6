"""What a run is worth: measured, failed (events were lost or harmed), or invalid (it says nothing).

A failed run is shown with what it lost, and not ranked: a router that drops events is not fast. An
invalid run is shown with its reason, and its figures are nowhere: above all not as zeros.
"""

from dataclasses import dataclass, field

MEASURED, FAILED, INVALID = "measured", "failed", "invalid"

# In each of these, one is too many, whatever the protocol.
HARM = ("duplicated", "reordered", "corrupted", "torn")
FIGURES = ("issued", "collected", "lost", *HARM, "issued_bytes", "send_seconds", "seconds",
           "events_per_second", "bytes_per_second", "cpu_seconds", "user_seconds",
           "system_seconds", "cpu_seconds_per_gb", "peak_rss_bytes", "mean_rss_bytes",
           "voluntary_switches", "involuntary_switches", "latency_ms", "foreign", "exit_code")
TROUBLES_MAX = 3
MEMORY_SAMPLES_MAX = 200


@dataclass
class Run:
    status: str
    reason: str = ""
    figures: dict = field(default_factory=dict)  # Numbers of FIGURES; empty if invalid.
    memory: list = field(default_factory=list)   # [seconds, bytes]

    def as_json(self):
        return {"status": self.status, "reason": self.reason, **self.figures}


def invalid(reason):
    return Run(INVALID, reason)


def judge(result, collected, allow_loss):
    """Of the JSON object that `weir bench --json` wrote. `collected`: something was to come out."""
    reason = why_invalid(result, collected)
    if reason:
        return invalid(reason)
    figures = {name: result[name] for name in FIGURES if name in result}
    run = Run(MEASURED, figures={**figures, **derived(figures)},
              memory=thinned(result.get("memory", [])))
    reason = why_failed(result, collected, allow_loss)
    if reason:
        run.status, run.reason = FAILED, reason
    return run


def derived(figures):
    """What the kernel took per second, whoever had it then; and the part of a core that the router
    was busy: where that is small, it waited, and something else was the limit."""
    more = {}
    if figures.get("send_seconds"):
        more["taken_per_second"] = figures["issued"] / figures["send_seconds"]
    if "cpu_seconds" in figures:
        more["cpu_share"] = figures["cpu_seconds"] / figures["seconds"]
    return more


def why_invalid(result, collected):
    failures = result.get("failures", [])
    if failures:
        return "; ".join(failures)
    if not result.get("valid"):
        return "nothing came out" if collected else "nothing was sent"
    if collected and "collected" not in result:
        return "nothing was collected, though the case asks for it"
    for name in ("events_per_second", "seconds"):
        if not result.get(name, 0) > 0:
            return f"the run has no {name}"
    if not result.get("cpu_seconds", 1) > 0:
        return "the router used no CPU time: the run was too short"
    return ""


def why_failed(result, collected, allow_loss):
    """In words; "" if nothing is wrong."""
    if not collected:
        return ""
    wrong = [f"{result[name]:,} {name}" for name in HARM if result.get(name)]
    if result.get("lost") and not allow_loss:
        wrong.insert(0, f"{result['lost']:,} of {result['issued']:,} lost")
    if not wrong:
        return ""
    examples = result.get("troubles", [])[:TROUBLES_MAX]
    return ", ".join(wrong) + (f" ({'; '.join(examples)})" if examples else "")


def thinned(samples, most=MEMORY_SAMPLES_MAX):
    """At most so many, evenly chosen, the last among them."""
    if len(samples) <= most:
        return samples
    step = (len(samples) - 1) / (most - 1)
    return [samples[round(index * step)] for index in range(most)]
