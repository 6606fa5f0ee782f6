"""What the tests share about load: that it ran when the fault came, and when that was."""

import time

from waiting import comes_true

PATIENCE_SECONDS = 60  # A busy machine, or a sink that is waited for, may keep clients waiting.


def pause(context, least, most):
    """Until the fault: a time that follows from the seed. It is what is tested, no waiting."""
    time.sleep(context.random.uniform(least, most))


def await_running(clients):
    """Returns once every client has got events rid of since the call, so that a fault that comes now
    finds some in flight. False where one gets none rid of for long: then the trial proves nothing.

    Each is compared with its own first count: on a busy machine there may be no short moment in
    which all of them are given time."""
    before = [(client, client.sent) for client in clients]
    return comes_true(lambda: all(client.sent > count for client, count in before),
                      PATIENCE_SECONDS)
