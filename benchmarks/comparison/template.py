"""Configuration templates: names in @...@, and blocks of lines that are repeated.

    listen: @PORT@                       replaced by a value
    @REPEAT 1000@                        on a line of its own, a number or a name
      x@I@: {when: 'app == "x@I@"'}      @I@ counts from 0
    @END@

Only capital letters count as a name, so that rsyslog's `@@host`, syslog-ng's `@version:` and
addresses of e-mail stay what they are.
"""

import re

NAME = re.compile(r"@([A-Z][A-Z0-9_]*)@")
REPEAT = re.compile(r"^\s*@REPEAT ([A-Z0-9_]+)@\s*$")
END = re.compile(r"^\s*@END@\s*$")


class TemplateError(Exception):
    """The template asks for what nobody gives, or its blocks do not close."""


def render(text, values):
    """The text with every name replaced. TemplateError where one is unknown."""
    return "".join(substitute(line, values) for line in unrolled(text, values))


def names_in(text):
    """The names that a template asks for, without its own (I, END)."""
    names = set(NAME.findall(text)) - {"I", "END"}
    for line in text.splitlines():
        begin = REPEAT.match(line)
        if begin and not begin.group(1).isdigit():
            names.add(begin.group(1))
    return names


def unrolled(text, values):
    """The lines, with those of a block as often as it says. Blocks do not nest."""
    block, times = None, 0
    for line in text.splitlines(keepends=True):
        begin = REPEAT.match(line)
        if begin:
            if block is not None:
                raise TemplateError("@REPEAT@ within @REPEAT@")
            block, times = [], count(begin.group(1), values)
        elif END.match(line):
            if block is None:
                raise TemplateError("@END@ without @REPEAT@")
            for index in range(times):
                yield from (each.replace("@I@", str(index)) for each in block)
            block = None
        elif block is not None:
            block.append(line)
        else:
            yield line
    if block is not None:
        raise TemplateError("@REPEAT@ without @END@")


def count(word, values):
    return int(word) if word.isdigit() else int(value_of(word, values))


def substitute(line, values):
    return NAME.sub(lambda found: str(value_of(found.group(1), values)), line)


def value_of(name, values):
    if name not in values:
        raise TemplateError(f"@{name}@ has no value; there are {', '.join(sorted(values))}")
    return values[name]
