"""Waiting for a condition."""

import time

POLL_SECONDS = 0.005


def comes_true(condition, seconds_max):
    """Whether it does in that time."""
    try:
        return bool(await_true(condition, seconds_max, ""))
    except TimeoutError:
        return False


def await_true(condition, seconds_max, what):
    """Polls until the condition gives something true and returns that; else TimeoutError."""
    deadline = time.monotonic() + seconds_max
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what} did not come within {seconds_max} s")
        time.sleep(POLL_SECONDS)
