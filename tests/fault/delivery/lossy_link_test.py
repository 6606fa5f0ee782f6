"""From weir to weir over a link that loses packets, resets connections or lets nothing through, one
way or both, as nft makes it in a network of the test's own. What was answered with 2xx (ack=durable)
is in the receiver's file in the end, and nothing is there twice: neither side is killed.
"""

import time
from functools import partial

from bad_network_test import Trial, run_trial
from chain import ACK_SECONDS, FLOW_SECONDS_MAX
from namespace import netem, own_network, packets
from report import Skipped
from waiting import comes_true

FLOW_BYTES = 100 << 10


def run(context):
    figures = context.figures()
    with own_network():
        for _ in range(context.trials(1, 3)):
            for trial in TRIALS:
                try:
                    run_trial(context, figures, trial)
                except Skipped as why:
                    figures.more[f"{trial.name} skipped"] = str(why)
    return figures


def both_ways(chain):
    """What nft calls the packets to the receiver, and those from it."""
    port = chain.receiver_port()
    return f"tcp dport {port}", f"tcp sport {port}"


def loss(percent, context, chain, figures):
    """So many of the packets, both ways."""
    some = f"numgen random mod 100 < {percent}"
    with packets(*((f"{which} {some}", "drop") for which in both_ways(chain))) as hit:
        chain.await_flow(FLOW_BYTES * (20 if context.long else 1))
        figures.check(comes_true(hit, FLOW_SECONDS_MAX), "no packet was lost")
        return hit()


def hits(hit):
    """How many packets have met the rules, which are kept until one has."""
    comes_true(hit, FLOW_SECONDS_MAX)
    return hit()


def resets(context, chain, _):
    """Every 200 ms all that arrives is answered with a reset."""
    to, _ = both_ways(chain)
    count = 0
    for _ in range(100 if context.long else 8):
        with packets((to, "reject with tcp reset")) as hit:
            time.sleep(0.05)  # The fault itself.
            count += hit()
        time.sleep(0.15)
    if count == 0:
        # Nothing came in all these moments. (Not each is made to last: a sender that is reset again
        # and again waits longer and longer before the next attempt, which would be reset as well.)
        with packets((to, "reject with tcp reset")) as hit:
            count = hits(hit)
    return count


def blackhole(context, chain, _):
    """Nothing gets through."""
    to, back = both_ways(chain)
    return vanish(chain, 60 if context.long else 2 * ACK_SECONDS, to, back)


def half_open(context, chain, _):
    """What is sent arrives; nothing comes back."""
    _, back = both_ways(chain)
    return vanish(chain, 30 if context.long else 2 * ACK_SECONDS, back)


def vanish(chain, seconds, *which):
    """These packets, for so long; then all goes on."""
    with packets(*((each, "drop") for each in which)) as hit:
        time.sleep(seconds)  # The fault itself.
        count = hits(hit)
    chain.await_flow()
    return count


def narrow(context, chain, _):
    """More than a megabit a second is dropped, as a policer does."""
    to, _ = both_ways(chain)
    limit = "limit rate over 125 kbytes/second burst 64 kbytes"
    with packets((f"{to} {limit}", "drop")) as hit:
        time.sleep(30 if context.long else 4)
        count = hits(hit)  # While there is load: on a busy machine it may be narrow itself.
        chain.stop_load()
        return count


def delay(context, chain, _):
    """100 ms and half of that more or less, in another order now and then."""
    with netem("delay", "100ms", "50ms", "reorder", "90%", "loss", "1%", "duplicate", "1%"):
        chain.await_flow(FLOW_BYTES * (20 if context.long else 1))
    return 1


TRIALS = [
    Trial("loss_1", partial(loss, 1), direct=True),
    Trial("loss_5", partial(loss, 5), direct=True),
    Trial("loss_20", partial(loss, 20), direct=True),
    Trial("resets", resets, direct=True),
    Trial("blackhole", blackhole, direct=True),
    Trial("half_open", half_open, direct=True),
    Trial("narrow", narrow, direct=True),
    Trial("delay", delay, direct=True),
]
