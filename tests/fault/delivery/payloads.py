"""The events of a test: each is a function of its stream, its sequence and the seed, so that whoever
reads one knows whether it is whole.

    {"s":3,"n":1741,"x":"9hq2…"}      stream, sequence, filler

Most have 120 to 400 bytes. With `boundary_every` each so-many-th has one of the lengths at which
buffers go wrong: around `write_bytes` (W, of what is tested) and up to `event_bytes_max`.
"""

import random
import re

POOL_BYTES = 1 << 20  # Fillers are cut from it, at a place that follows from stream and sequence.
MASK = (1 << 64) - 1
LETTERS = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
HEAD = re.compile(rb'\{"s":(\d{1,9}),"n":(\d{1,12}),"x":"')
TAIL = b'"}'


def mixed(number):
    """splitmix64: neighbours have nothing in common."""
    number = (number + 0x9E3779B97F4A7C15) & MASK
    number = ((number ^ (number >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    number = ((number ^ (number >> 27)) * 0x94D049BB133111EB) & MASK
    return number ^ (number >> 31)


class Payloads:
    """Immutable; any thread."""

    def __init__(self, seed, write_bytes=64 << 10, event_bytes_max=256 << 10, boundary_every=0):
        self.seed = seed
        self.boundary_every = boundary_every
        wanted = [0, 1, write_bytes // 4, write_bytes // 2, write_bytes - 1, write_bytes,
                  write_bytes + 1, 3 * write_bytes, event_bytes_max - 1, event_bytes_max]
        self.boundaries = [length for length in wanted if length <= event_bytes_max]
        letters = bytes(LETTERS[i % len(LETTERS)] for i in range(256))
        bytes_wanted = POOL_BYTES + max(self.boundaries)
        self._pool = random.Random(seed).randbytes(bytes_wanted).translate(letters)

    def event(self, stream, sequence):
        """Its bytes, without a newline."""
        head = b'{"s":%d,"n":%d,"x":"' % (stream, sequence)
        number = mixed(self.seed * 0x100000001 ^ stream << 40 ^ sequence)
        length = self._length(sequence, number) - len(head) - len(TAIL)
        place = number % POOL_BYTES
        return b"".join((head, self._pool[place:place + max(0, length)], TAIL))

    def _length(self, sequence, number):
        every = self.boundary_every
        if every and sequence % every == every - 1:
            return self.boundaries[sequence // every % len(self.boundaries)]
        return 120 + (number >> 32) % 281


def identity(line):
    """(stream, sequence) that a line claims, or None."""
    found = HEAD.match(line)
    return (int(found[1]), int(found[2])) if found else None
