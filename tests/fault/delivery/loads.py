"""What the tests share about load: that it ran when the fault came, and when that was."""

import time

PATIENCE_SECONDS = 10  # A busy machine, or a sink that is waited for, may keep clients waiting.
SAMPLE_SECONDS = 0.05  # In which every client that is not kept from sending sends.


def pause(context, least, most):
    """Until the fault: a time that follows from the seed. It is what is tested, no waiting."""
    time.sleep(context.random.uniform(least, most))


def await_running(clients):
    """Returns at a moment at which every client gets events rid of, so that a fault that comes now
    finds some in flight. False where there is none for long: then the trial proves nothing."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        before = [client.sent for client in clients]
        time.sleep(SAMPLE_SECONDS)
        if all(client.sent > count for client, count in zip(clients, before)):
            return True
    return False
