"""From weir to weir over forward://, with a proxy between that does what networks do: it is slow, it
holds everything back, it resets at each place of a chunk and of an answer, it turns bits; and weir is
killed on either side. What was answered with 2xx (ack=durable) is in the receiver's file in the end.

Duplicates: a chunk that is sent again has the name that it had, and a receiver that lives knows it.
So there are none while neither side is killed, and TLS or an intact line keeps the names right. They
are measured where one is killed (what was written last is sent or taken again), and where bits turn
without TLS (a name that changed is another name).
"""

import time
from dataclasses import dataclass
from typing import Callable

from chain import (ACK_SECONDS, ACK_SECONDS_OF_A_SLOW_LINE, FLOW_SECONDS_MAX, Chain,
                   credentials)
from proxy import Plan
from report import Skipped
from router import component
from waiting import comes_true

# Around the end of a message, at its head, and within: bytes of it that pass before the reset.
CUTS = (0, 1, 2, 3, 5, 9, 17, 64, 1000, -1000, -64, -20, -9, -3, -2, -1)
ANSWER_CUTS = (0, 1, 2, 5, 6, 20, -2, -1)
MESSAGES_MAX = 8  # That pass before the one that is cut: work gets done between.


@dataclass
class Trial:
    """What is done to a chain while it runs. `hurt` returns how many faults it has made."""

    name: str
    hurt: Callable
    may_double: bool = False
    tls: bool = False
    sender_options: str = ""
    direct: bool = False  # Without the proxy.
    ack_seconds: int = ACK_SECONDS


def run(context):
    figures = context.figures()
    for _ in range(context.trials(1, 3)):
        for trial in TRIALS:
            run_trial(context, figures, trial)
    return figures


def run_trial(context, figures, trial):
    """One chain, what is done to it, and what it says in the end."""
    folder = context.folder / f"{figures.trials}-{trial.name}"
    sender_options, receiver_options = trial.sender_options, ""
    if trial.tls:
        try:
            sender_options, receiver_options = credentials(folder)
        except Skipped as why:
            figures.more[f"{trial.name} skipped"] = str(why)
            return
    problems = len(figures.problems)
    begun = time.monotonic()
    with Chain(context, folder, sender_options, receiver_options, trial.direct,
               trial.ack_seconds) as chain:
        chain.await_flow()
        faults = trial.hurt(context, chain, figures)
        verdict = chain.end(figures)
        figures.trials += 1
        figures.faults += faults
        figures.invalid_trials += faults == 0
        judge(figures, trial, chain, verdict)
    figures.more[trial.name] = add(figures.more.get(trial.name, {}), {
        "faults": faults, "connections": chain.proxy.connections,
        "delivered": verdict.delivered, "duplicates": verdict.duplicates,
        "seconds": round(time.monotonic() - begun, 1)})
    for i in range(problems, len(figures.problems)):
        figures.problems[i] = f"{trial.name}: {figures.problems[i]}"


def judge(figures, trial, chain, verdict):
    """What has to hold of every trial."""
    figures.add(verdict)
    figures.check(verdict.is_clean(), f"lost {verdict.lost_acked}, torn {verdict.torn}, corrupted "
                                      f"{verdict.corrupted}, spurious {verdict.spurious}")
    figures.check(trial.may_double or verdict.duplicates == 0, f"{verdict.duplicates} duplicates")
    refused = chain.refused()
    lost = {reason: count for reason, count in refused.items()
            if count and reason not in ("framing", "incomplete")}
    figures.check(not lost, f"the receiver's source has dropped {lost}")


def add(before, now):
    """The figures of the trials of one name, together."""
    return {key: before.get(key, 0) + value for key, value in now.items()}


# --- What is done. Each gets (context, chain, figures) ---


def latency(context, chain, _):
    """Long ways, of lengths that differ."""
    weather = chain.proxy.weather
    weather.latency_seconds, weather.jitter_seconds = 0.1, 0.1
    chain.await_flow((600 << 10) if context.long else (150 << 10))
    weather.latency_seconds = weather.jitter_seconds = 0
    return 1


def narrow(context, chain, _):
    """A line that takes less than comes: it is in the spool, and arrives later."""
    chain.proxy.weather.bytes_per_second = 200 << 10
    chain.await_flow((3 << 20) if context.long else (400 << 10))
    chain.stop_load()
    chain.proxy.weather.bytes_per_second = 0
    return 1


def dribble(context, chain, _):
    """Byte by byte, for a while, then in pieces of seven."""
    for size in (1, 7):
        chain.proxy.weather.piece_bytes = size
        chain.await_flow((1 << 20) if context.long else (100 << 10))
    chain.proxy.weather.piece_bytes = 0
    return 1


def silence(chain, seconds, to_server, to_client):
    """Nothing passes; what waited arrives late, after the same has come another way."""
    weather = chain.proxy.weather
    weather.holds_to_server, weather.holds_to_client = to_server, to_client
    connections = chain.proxy.connections
    time.sleep(seconds)  # This is the fault, no waiting for one.
    weather.holds_to_server = weather.holds_to_client = False
    chain.await_flow()
    return chain.proxy.connections - connections


def half_open(context, chain, _):
    """Neither side hears the other; the sender gives connections up."""
    return silence(chain, 30 if context.long else 2 * ACK_SECONDS + 1, True, True)


def unheard_answers(context, chain, _):
    """What is sent arrives, and no answer does."""
    return silence(chain, 30 if context.long else 2 * ACK_SECONDS + 1, False, True)


def follow(chain, plans):
    """Each plan is one connection's. Returns how many came to be."""
    chain.proxy.plans.extend(plans)
    chain.proxy.reset_all()
    comes_true(lambda: chain.proxy.plans_fulfilled >= len(plans), FLOW_SECONDS_MAX)
    return chain.proxy.plans_fulfilled


def resets_in_chunks(context, chain, figures):
    """At every place around the end of a message."""
    cuts = CUTS if context.long else CUTS[::2]
    plans = [Plan(cut_message=1 + i % MESSAGES_MAX, cut_bytes=cut) for i, cut in enumerate(cuts)]
    made = follow(chain, plans)
    figures.check(made >= len(plans), f"{made} of {len(plans)} resets came")
    return made


def lost_answers(context, chain, figures):
    """The chunk has been taken, and its answer is cut, or does not come at all."""
    cuts = ANSWER_CUTS if context.long else ANSWER_CUTS[::2]
    plans = [Plan(cut_answer=i % MESSAGES_MAX, answer_bytes=cut) for i, cut in enumerate(cuts)]
    made = follow(chain, plans)
    figures.check(made >= len(plans), f"{made} of {len(plans)} answers were cut")
    return made


def repeated_messages(context, chain, _):
    """Each message arrives twice."""
    chain.proxy.weather.repeats_messages = True
    chain.proxy.reset_all()  # Messages are found from the start of a connection.
    chain.await_faults(400 if context.long else 40)
    return chain.proxy.faults


def spoiled_messages(context, chain, figures):
    """A message begins with a byte that none begins with: refused and counted."""
    count = 40 if context.long else 6
    made = follow(chain, [Plan(spoil_message=1 + i % MESSAGES_MAX) for i in range(count)])
    figures.check(made >= count, f"{made} of {count} messages were spoiled")

    def counted():
        return component(chain.receiver.books(), "sources", "in")["dropped"]["framing"]
    figures.check(comes_true(lambda: counted() >= count, FLOW_SECONDS_MAX),
                  f"the receiver has counted {counted()} of {count} as framing")
    return made


def turned_bits(context, chain, _):
    """Here and there a bit on its way to the receiver is another."""
    chain.proxy.weather.turn_bit_every_bytes = 150 << 10
    chain.await_faults(100 if context.long else 12)
    chain.proxy.weather.turn_bit_every_bytes = 0
    return chain.proxy.faults


def turned_bits_both_ways(context, chain, figures):
    """And in what is answered."""
    chain.proxy.weather.turn_answers_every_bytes = 2 << 10
    made = turned_bits(context, chain, figures)
    chain.proxy.weather.turn_answers_every_bytes = 0
    return made


def killed(context, chain, figures, who):
    """SIGKILL, in the midst of the flow."""
    count = 20 if context.long else 3
    for _ in range(count):
        chain.await_flow(context.random.randrange(20 << 10, 300 << 10))
        for kill in who(chain):
            figures.recovery_seconds.append(kill())
    chain.await_flow()
    return count


def receiver_killed(context, chain, figures):
    """And back."""
    return killed(context, chain, figures, lambda one: [one.kill_receiver])


def sender_killed(context, chain, figures):
    """And back, with what it had promised on its disk."""
    return killed(context, chain, figures, lambda one: [one.kill_sender])


def both_killed(context, chain, figures):
    """One after the other."""
    return killed(context, chain, figures, lambda one: [one.kill_receiver, one.kill_sender])


TRIALS = [
    Trial("latency", latency),
    Trial("narrow", narrow, ack_seconds=ACK_SECONDS_OF_A_SLOW_LINE),
    Trial("dribble", dribble, ack_seconds=ACK_SECONDS_OF_A_SLOW_LINE),
    Trial("half_open", half_open),
    Trial("unheard_answers", unheard_answers),
    Trial("resets_in_chunks", resets_in_chunks),
    Trial("lost_answers", lost_answers),
    Trial("repeated_messages", repeated_messages),
    Trial("spoiled_messages", spoiled_messages),
    Trial("turned_bits_tls", turned_bits_both_ways, tls=True),
    # A checksum tells what turned within the events, which is all that it covers.
    Trial("turned_bits_gzip", turned_bits, may_double=True, sender_options="    compress: gzip\n"),
    Trial("receiver_killed", receiver_killed, may_double=True),
    Trial("sender_killed", sender_killed, may_double=True),
    Trial("both_killed", both_killed, may_double=True),
]
