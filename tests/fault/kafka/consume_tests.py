"""The tests of the source. Each is given a way to make a ConsumeScenario, the cluster and the tools,
and returns what is to be shown.
"""

import time

from produce_tests import clean

RATE = ("--rate", "20k/s")


def group_reads_all(scenario, cluster, tools):
    """Two processes share the partitions, a third comes, one goes: nothing comes twice."""
    del cluster, tools

    def scale(group):
        group.await_files(1)
        added = group.start()
        group.await_files(added)
        group.stop(0)
        time.sleep(2)
    return clean(scenario().run_group(scale, (*RATE, "--duration", "12s")))


def reader_killed(scenario, cluster, tools):
    """SIGKILL, again and again: what was not confirmed is read again, nothing is lost."""
    del cluster
    kills = 20 if tools.long else 3

    def kill_each(group):
        for number in range(kills):
            group.await_files(number)
            time.sleep(0.5)  # So that something is on its way.
            group.kill(number)
            group.start()
    seconds = 200 if tools.long else 25
    outcome = scenario().run_group(kill_each, (*RATE, "--duration", f"{seconds}s"))
    assert outcome.valid, outcome
    for name in ("lost", "reordered", "corrupted"):
        assert outcome.bench[name] == 0, f"{name}: {outcome}"
    assert outcome.torn <= kills, outcome  # The end of a killed process's file.
    return outcome


def broker_bounced(scenario, cluster, tools):
    """The broker goes away and comes back while it is read from."""
    def bounce(group):
        group.await_files(0)
        for _ in range(10 if tools.long else 2):
            time.sleep(20 if tools.long else 2)  # The interval is what is tested.
            cluster.kill_broker(1)
            cluster.start_broker(1)
    seconds = 260 if tools.long else 16
    return clean(scenario().run_group(bounce, (*RATE, "--duration", f"{seconds}s"), readers=1),
                 duplicates=True)


TESTS = {
    1: {test.__name__: test for test in (group_reads_all, reader_killed, broker_bounced)},
    3: {},
}
