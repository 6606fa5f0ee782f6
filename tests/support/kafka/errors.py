"""What can go wrong, each kind with the exit code of the command."""


class Missing(Exception):
    """Kafka cannot be had on this machine: the tests that need it are skipped."""

    exit_code = 77


class Failed(Exception):
    """Kafka is there, and did not do what was asked."""

    exit_code = 1


class Asked(Exception):
    """Somebody asked the command to end, by a signal or by closing its stdin."""

    exit_code = 0
