"""Where MessagePack values end in a stream of bytes (the MessagePack specification, "Formats")."""

# First byte: how many more the value has.
FIXED = {0xc0: 0, 0xc2: 0, 0xc3: 0, 0xca: 4, 0xcb: 8, 0xcc: 1, 0xcd: 2, 0xce: 4, 0xcf: 8,
         0xd0: 1, 0xd1: 2, 0xd2: 4, 0xd3: 8, 0xd4: 2, 0xd5: 3, 0xd6: 5, 0xd7: 9, 0xd8: 17}
# First byte: bytes of the length, and bytes beside it and what it counts.
COUNTED = {0xc4: (1, 0), 0xc5: (2, 0), 0xc6: (4, 0), 0xd9: (1, 0), 0xda: (2, 0), 0xdb: (4, 0),
           0xc7: (1, 1), 0xc8: (2, 1), 0xc9: (4, 1)}
# First byte: bytes of the length, and values for each that it counts.
NESTED = {0xdc: (2, 1), 0xdd: (4, 1), 0xde: (2, 2), 0xdf: (4, 2)}


class MessageEnds:
    """Of one stream, from its first byte on."""

    def __init__(self):
        self._bytes = bytearray()
        self._at = 0          # What is before it was looked at.
        self._values_left = 1  # Of the message in hand.

    def find(self, data):
        """Takes the next bytes. Yields for each message that ends in them its length."""
        self._bytes += data
        while self._step():
            if self._values_left == 0:
                length = self._at
                del self._bytes[:length]
                self._at = 0
                self._values_left = 1
                yield length

    def _step(self):
        """One value, without what is inside of it. False: it is not all there."""
        if self._at >= len(self._bytes):
            return False
        size, inside = self._head()
        if size is None or self._at + size > len(self._bytes):
            return False
        self._at += size
        self._values_left += inside - 1
        return True

    def _head(self):
        """(bytes of the value at hand, values inside of it); (None, 0): too little is there."""
        first = self._bytes[self._at]
        if first <= 0x7f or first >= 0xe0:
            return 1, 0
        if first <= 0x8f:
            return 1, 2 * (first & 0x0f)
        if first <= 0x9f:
            return 1, first & 0x0f
        if first <= 0xbf:
            return 1 + (first & 0x1f), 0
        if first in FIXED:
            return 1 + FIXED[first], 0
        if first in COUNTED:
            width, beside = COUNTED[first]
            length = self._length(width)
            return (None, 0) if length is None else (1 + width + beside + length, 0)
        width, each = NESTED[first]
        length = self._length(width)
        return (None, 0) if length is None else (1 + width, each * length)

    def _length(self, width):
        digits = self._bytes[self._at + 1:self._at + 1 + width]
        return int.from_bytes(digits, "big") if len(digits) == width else None
