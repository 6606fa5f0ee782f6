"""What becomes of events whose permission is taken away, on brokers that ask who writes."""

import subprocess

from scenario import outlasting

RATE = ("--rate", "5k/s")
USER = "weir"
PASSWORD = "not-a-secret"

# Who comes without a name may do all: the brokers themselves, and the bench.
PROPERTIES = {
    "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
    "super.users": "User:ANONYMOUS",
    "sasl.enabled.mechanisms": "PLAIN",
    "listener.name.sasl_plaintext.plain.sasl.jaas.config":
        "org.apache.kafka.common.security.plain.PlainLoginModule required "
        f'user_{USER}="{PASSWORD}";',
}
LISTENERS = ("SASL_PLAINTEXT",)
LOGIN = {"sasl": "plain", "username": USER, "password": PASSWORD}


def permission_revoked(scenario, cluster, tools):
    """While it may not write, its events are rejected as `unauthorized`; before and after, they
    arrive."""
    def run(made, load):
        def permit(verb):
            subprocess.run([tools.topics, verb, cluster.bootstrap(), made.topic, f"User:{USER}"],
                           check=True, timeout=60)

        def revoke():
            made.await_sink(lambda sink: sink["delivered"] > 0, "a delivery")
            permit("forbid")
            rejecting = made.await_sink(lambda sink: sink["dropped"]["unauthorized"] > 0,
                                        "a rejection")
            permit("allow")
            made.await_sink(lambda sink: sink["delivered"] > rejecting["delivered"],
                            "a delivery once more")
        made.url = f"kafka://{cluster.bootstrap('SASL_PLAINTEXT')}/{made.topic}"
        permit("allow")
        return made.run(revoke, LOGIN, (*RATE, *load), allow_loss=True)
    outcome = outlasting(scenario, run, 14)
    sink = outcome.sink()
    assert outcome.balance["imbalance"] == 0, outcome.balance
    assert sink["dropped"]["unauthorized"] > 0, sink
    settled = sink["delivered"] + sink["dropped"]["unauthorized"]
    assert settled == outcome.issued + sink["notices"], sink
    assert outcome.lost <= sink["dropped"]["unauthorized"], outcome
    for name in ("reordered", "corrupted", "torn"):
        assert outcome.bench[name] == 0, outcome
    return outcome


TESTS = {"permission_revoked": permission_revoked}
