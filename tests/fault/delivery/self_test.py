"""The oracle is tried on deliveries that are wrong in each of the ways that it has to see, and what
finds the ends of messages for the proxy on a message of each kind, cut everywhere.
"""

from msgpack_ends import MessageEnds
from oracle import Oracle
from payloads import Payloads

EVENTS = 40


def run(context):
    figures = context.figures()
    payloads = Payloads(context.seed, write_bytes=4096, event_bytes_max=16384, boundary_every=3)
    lengths = {len(payloads.event(0, i)) for i in range(EVENTS)}
    for length in (1024, 2048, 4095, 4096, 4097, 12288, 16383, 16384):
        figures.check(length in lengths, f"no event of {length} bytes")
    figures.check(payloads.event(1, 2) != payloads.event(2, 1), "two events are the same")
    for name, change, expected in wrongs(payloads):
        lines = [payloads.event(0, i) + b"\n" for i in range(EVENTS)]
        change(lines)
        judge(context, figures, payloads, name, b"".join(lines), expected)
    figures.issued = figures.trials * EVENTS
    find_ends(figures)
    return figures


# MessagePack values, whole: nil, integers, strings, binaries, an array, maps, extensions, floats.
VALUES = (b"\xc0", b"\x05", b"\xe0", b"\xcd\x01\x02", b"\xd3" + bytes(8), b"\xa3abc", b"\xd9\x02ab",
          b"\xda\x00\x02ab", b"\xc4\x01\xc1", b"\xc6\x00\x00\x00\x02ab", b"\x93\x01\xa1a\xc2",
          b"\xdc\x00\x02\x91\x01\x90", b"\x81\xa1a\x92\x01\x02", b"\xde\x00\x01\xa1a\x80",
          b"\xd7\x00" + bytes(8), b"\xc7\x02\x01ab", b"\xcb" + bytes(8))


def find_ends(figures):
    """However the stream is cut, each message ends where it ends."""
    stream = b"".join(VALUES)
    for size in range(1, len(stream) + 1):
        ends = MessageEnds()
        found = [end for at in range(0, len(stream), size)
                 for end in ends.find(stream[at:at + size])]
        figures.check(found == [len(value) for value in VALUES], f"pieces of {size}: {found}")


def judge(context, figures, payloads, name, data, expected):
    """One delivery, and what has to be said of it; all else has to be 0."""
    oracle = Oracle(payloads)
    stream = oracle.new_stream()
    oracle.issue(stream, EVENTS)
    oracle.acknowledge(stream, 0, EVENTS - 1)  # The last one was not answered.
    path = context.folder / name
    path.write_bytes(data)
    verdict = oracle.judge([path])
    for key in ("lost_acked", "missing", "torn", "glued", "corrupted", "spurious", "duplicates",
                "out_of_order"):
        found = getattr(verdict, key)
        figures.check(found == expected.get(key, 0),
                      f"{name}: {key} is {found}, not {expected.get(key, 0)}")
    figures.trials += 1


def wrongs(payloads):
    """(name, what is done to the list of lines, what the oracle has to find)."""
    def cut_end(lines):
        lines[4] = lines[4][:50] + b"\n"

    def glue(lines):
        lines[4:6] = [lines[4][:50] + lines[5]]

    def flip(lines):
        lines[4] = lines[4][:30] + bytes([lines[4][30] ^ 1]) + lines[4][31:]

    def swap(lines):
        lines[4], lines[5] = lines[5], lines[4]

    def other(lines):
        lines.append(payloads.event(0, EVENTS) + b"\n")
        lines.append(payloads.event(7, 0) + b"\n")

    def no_newline(lines):
        lines[-1] = lines[-1][:-1]

    lost = {"lost_acked": 1, "missing": 1}
    return (
        ("whole", lambda lines: None, {}),
        ("one_gone", lambda lines: lines.pop(4), lost),
        ("unanswered_gone", lambda lines: lines.pop(), {"missing": 1}),
        ("all_gone", lambda lines: lines.clear(),
         {"lost_acked": EVENTS - 1, "missing": EVENTS}),
        ("twice", lambda lines: lines.insert(9, lines[4]), {"duplicates": 1}),
        ("swapped", swap, {"out_of_order": 1}),
        ("cut_at_the_end", cut_end, lost | {"torn": 1}),
        ("cut_at_the_beginning", lambda lines: lines.__setitem__(4, lines[4][30:]),
         lost | {"torn": 1}),
        ("glued", glue, {"lost_acked": 2, "missing": 2, "torn": 1, "glued": 1}),
        ("bit_flipped", flip, lost | {"corrupted": 1}),
        ("never_sent", other, {"spurious": 2}),
        ("unfinished_last_line", no_newline, {"missing": 1, "torn": 1}),
    )
