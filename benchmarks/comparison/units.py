"""Numbers as people read them."""

PREFIXES = ((1e9, "G"), (1e6, "M"), (1e3, "k"))
# A little below the powers of ten, for what will be rounded up to them.
DECADES_OF_DIGITS = ((99.95, 0), (9.995, 1), (0.9995, 2))


def engineering(value):
    """Three digits and a letter: 1.23M, 45.6k, 789, 0.012."""
    for size, letter in PREFIXES:
        if abs(value) >= size * 0.9995:
            return plain(value / size) + letter
    return plain(value)


def plain(value):
    """Three digits that say something, whatever the size."""
    for least, digits in DECADES_OF_DIGITS:
        if abs(value) >= least:
            return f"{value:,.{digits}f}"
    return "0" if value == 0 else f"{value:.3g}"


def binary(value):
    """Bytes of memory."""
    for size, unit in ((1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")):
        if value >= size:
            return f"{plain(value / size)} {unit}"
    return f"{plain(value)} B"


def trimmed(value):
    """A number of an axis: 1.50M as 1.5M, 100.0 as 100."""
    text = engineering(value)
    letter = text[-1] if text[-1].isalpha() else ""
    digits = text[:-1] if letter else text
    if "." in digits:
        digits = digits.rstrip("0").rstrip(".")
    return digits + letter
