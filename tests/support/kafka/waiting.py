"""Waiting for a condition, in a way that a request to end can cut short."""

import time

from errors import Failed

POLL_SECONDS = 0.02  # A question to a broker takes less than a millisecond.


def await_true(condition, seconds_max, what, wait=time.sleep):
    """Polls until the condition gives something true and returns that; else Failed.

    `wait` lets the given seconds pass. The command passes one that raises when it is to end.
    """
    deadline = time.monotonic() + seconds_max
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise Failed(f"{what} did not come within {seconds_max} s")
        wait(POLL_SECONDS)
