#!/usr/bin/env python3
"""What STYLE.md and ARCHITECTURE.md promise and a program can check, beyond clang-format.

    tests/tidy.py [--root DIR] [--build DIR]     one line per complaint; exit code 1 if there is one
    tests/tidy.py --self-test                    wrong trees, each of which has to be complained of

A check takes a Tree and yields complaints. --build names a build folder: with its compiler and
flags, headers are compiled alone.
"""

import argparse
import concurrent.futures
import json
import os
import re
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

# --- What holds in this project ------------------------------------------------------------------

STAGES = ["ingest", "parse", "route", "sink"]  # In the order of the data path.
BELOW_STAGES = {"router/kafka", "router/forward", "router/spool", "config", "router/base",
                "router/telemetry"}

# Folder -> the other folders that it may include from. Tests and benchmarks may include anything.
INCLUDES = {
    "router/base": set(),
    "router/spool": {"router/base"},  # The log on disk behind sinks.
    "config": {"router/base"},
    "router/telemetry": {"config", "router/base"},
    "router/kafka": {"config", "router/base"},  # A client that sources, sinks and bench share.
    "router/forward": {"router/base"},  # A protocol that a source and a sink share.
    **{f"router/{stage}": BELOW_STAGES | {f"router/{later}" for later in STAGES[i + 1:]}
       for i, stage in enumerate(STAGES)},
    "router/topology": BELOW_STAGES | {f"router/{stage}" for stage in STAGES},
    "router/bench": BELOW_STAGES | {"router/ingest"},  # An instrument beside the router.
    # Commands that send again what weir has had before: a router of one source and one sink.
    "router/replay": BELOW_STAGES | {f"router/{s}" for s in STAGES} | {"router/topology", "plugins"},
    "router/main": BELOW_STAGES | {f"router/{s}" for s in STAGES}
                   | {"router/topology", "router/bench", "router/replay", "plugins"},
}

# All that a plugin sees, beside router/base and its own folder.
PLUGIN_HEADERS = {
    "router/sink/sink.hpp", "router/sink/plugin.hpp", "router/sink/template.hpp",
    "router/sink/encoder.hpp", "router/sink/batch_mark.hpp",
    "router/kafka/kafka_client.hpp", "router/kafka/kafka_error.hpp",
    "router/kafka/kafka_token.hpp", "router/kafka/broker_metrics.hpp",
    "router/forward/forward_protocol.hpp", "router/forward/handshake.hpp",
    "router/forward/msgpack.hpp", "router/forward/msgpack_walker.hpp",
    "config/settings.hpp", "config/option.hpp", "config/error.hpp",
}
# A plugin that stands on another's connections: folder -> the other's folder.
PLUGIN_BASES = {"plugins/forward/": "plugins/socket/"}

FUNCTION_LINES_MAX = 70
# Longer ones that were let stand: file -> lines of its longest function. Numbers only shrink.
LONG_FUNCTIONS = {
    "tests/unit/route/expression_error_test.cpp": 73,
}

# Pattern, what to use instead, and where the rule holds ("" = everywhere).
BANNED = [
    (r"\b(strcpy|strcat|strncpy|sprintf|vsprintf)\s*\(", "std::string, fmt or snprintf", ""),
    (r"\b(atoi|atol|atoll|atof|strtok)\s*\(", "std::from_chars", ""),
    (r"(?<![\w.>])s?rand\s*\(", "std::mt19937 with a fixed seed", ""),
    (r"\bstd::endl\b", r"'\n'", ""),
    (r"\busing namespace std\s*;", "the names themselves", ""),
    (r"\bstd::regex\b", "RE2", ""),
    (r"\bsleep_for\b|\bsleep_until\b|(?<!\w)(usleep|sleep|nanosleep)\s*\(",
     "await() of tests/support/await.hpp", "tests/"),
]
MAY_SLEEP = {"tests/support/await.hpp"}

# What belongs to one person's machine or to a tracker, in no file of the tree.
PRIVATE = [
    (r"(?<![\w.~$}])/(home|root|work|Users)/\w", "a path of one machine"),
    (r"(?i)\bissue\s+#?\d", "a ticket's number"),
]

SOURCE = (".cpp", ".hpp")
TEXT = (*SOURCE, ".md", ".txt", ".cmake", ".sh", ".py", ".yaml", ".yml", ".json", ".service", "")
SKIPPED = {".git", ".cache", "build", "__pycache__"}
NAMED_IN_PROSE = re.compile(
    r"(router|config|plugins|benchmarks|tests|deploy|scripts|cmake|\.ci|\.github)(/[\w.-]+)*/?"
    r"|Makefile|[A-Z]+\.md|LICENSE")


class Tree:
    """The files under a root, read once."""

    def __init__(self, root):
        self.root = Path(root).resolve()
        self.files = sorted(self._walk())
        self._texts = {}

    def _walk(self):
        for folder, folders, names in os.walk(self.root):
            folders[:] = [f for f in folders if f not in SKIPPED]
            for name in names:
                yield (Path(folder) / name).relative_to(self.root).as_posix()

    def having(self, *suffixes):
        return [f for f in self.files if f.endswith(suffixes)]

    def text(self, file):
        if file not in self._texts:
            self._texts[file] = (self.root / file).read_text(encoding="utf-8", errors="replace")
        return self._texts[file]

    def code(self, file):
        """The text without comments and the content of literals; lines stay where they are."""
        def blank(match):
            return re.sub(r"[^\n]", " ", match[0])
        return re.sub(r'R"(\w*)\((?s:.*?)\)\1"|//[^\n]*|/\*(?s:.*?)\*/|"(?:\\.|[^"\\\n])*"',
                      blank, self.text(file))


def includes(tree, file):
    """(line, path) of each include that is written from the repository's root."""
    for number, line in enumerate(tree.text(file).splitlines(), 1):
        if match := re.match(r'#include "([^"]+)"', line):
            yield number, match[1]


# --- Checks --------------------------------------------------------------------------------------


def check_include_direction(tree):
    """A folder includes only from those that lie below it."""
    def home(file):
        parts = file.split("/")
        return "/".join(parts[:2]) if parts[0] == "router" else parts[0]

    for file in tree.having(*SOURCE):
        place = home(file)
        is_plugin = place == "plugins" and file.count("/") > 1
        for line, included in includes(tree, file):
            target = home(included)
            if is_plugin:
                own = "/".join(file.split("/")[:2]) + "/"
                good = (target == "router/base" or included.startswith(own)
                        or included in PLUGIN_HEADERS
                        or included.startswith(PLUGIN_BASES.get(own, own)))
            elif place == "plugins":  # The list of plugins.
                good = target == "plugins" or included in PLUGIN_HEADERS
            else:
                good = target == place or place not in INCLUDES or target in INCLUDES[place]
            if not good:
                yield f"{file}:{line}: {place} may not include {included}"


def check_includes_from_root(tree):
    """Quoted includes start at the root; a .cpp includes its own header first."""
    for file in tree.having(*SOURCE):
        found = list(includes(tree, file))
        for line, included in found:
            if not (tree.root / included).is_file():
                yield f"{file}:{line}: there is no {included} (includes start at the root)"
        own = file[:-4] + ".hpp"
        if file.endswith(".cpp") and own in tree.files and not first_include_is(tree, file, own):
            yield f"{file}: its first include has to be {own}"


def first_include_is(tree, file, header):
    match = re.search(r'^#include ["<]([^">]+)[">]', tree.text(file), re.M)
    return match is not None and match[1] == header


def check_headers(tree):
    """`#pragma once`, then a paragraph that says what it is."""
    for file in tree.having(".hpp"):
        lines = tree.text(file).splitlines()
        if not lines or lines[0] != "#pragma once":
            yield f"{file}:1: a header begins with #pragma once"
        head = re.split(r"^(?:namespace|class|struct|enum|extern)\b", tree.text(file), 1, re.M)[0]
        if "//" not in head:
            yield f"{file}: no paragraph at the top says what this is"


def check_file_names(tree):
    """snake_case, and every .cpp is built by some CMakeLists.txt above it."""
    listed = {f: tree.text(f) for f in tree.having("CMakeLists.txt")}
    for file in tree.having(*SOURCE, ".py"):
        stem = Path(file).stem
        if not re.fullmatch(r"[a-z][a-z0-9_]*|__init__", stem):
            yield f"{file}: file names are snake_case"
        above = [str(p / "CMakeLists.txt") for p in Path(file).parents]
        names = rf"\b{stem}(\.cpp|\b)"
        if file.endswith(".cpp") and not any(re.search(names, listed.get(a, "")) for a in above):
            # A list may name the stem only: integration/ makes `name_test.cpp` of `name`.
            short = rf"\b{stem.removesuffix('_test')}\b"
            if not any(re.search(short, listed.get(a, "")) for a in above):
                yield f"{file}: no CMakeLists.txt above it names it"


def function_lengths(code):
    """(line, number of lines) of each function, as clang-format lays them out: it ends with the
    first brace that stands as far left as its first line. A lambda or a class counts as well."""
    no_function = re.compile(r" *(namespace|class|struct|enum|union|extern|if|for|while|switch|do"
                             r"|try|case|default|else|#|\}|\{)")
    lines = code.splitlines()
    for at, line in enumerate(lines):
        if not line.rstrip().endswith("{"):
            continue
        start = at
        while start > 0 and not re.search(r"[;{}]\s*$|^\s*$|^\s*(#|public:|private:|protected:)",
                                          lines[start - 1]):
            start -= 1  # A signature may take several lines, and so may what it initialises.
        indent = lines[start][:len(lines[start]) - len(lines[start].lstrip())]
        if len(indent) > 2 or no_function.match(lines[start]):
            continue
        closed = (i for i in range(at + 1, len(lines)) if lines[i].startswith(indent + "}"))
        yield start + 1, next(closed, at) - start + 1


def check_function_length(tree):
    """Functions fit on a screen; those that do not are listed, and the list only shrinks."""
    for file in tree.having(*SOURCE):
        longest = max(function_lengths(tree.code(file)), key=lambda f: f[1], default=(1, 0))
        allowed = LONG_FUNCTIONS.get(file, FUNCTION_LINES_MAX)
        if longest[1] > allowed:
            yield f"{file}:{longest[0]}: a function of {longest[1]} lines; at most {allowed}"
        elif file in LONG_FUNCTIONS and longest[1] < allowed:
            yield f"{file}: its longest function has {longest[1]} lines now: lower LONG_FUNCTIONS"
    for file in LONG_FUNCTIONS:
        if file not in tree.files and "tests/tidy.py" in tree.files:
            yield f"tests/tidy.py: LONG_FUNCTIONS names {file}, which is gone"


def check_names_in_prose(tree):
    """Every file that a .md names, as code or as a link, exists."""
    for file in tree.having(".md"):
        folder = (tree.root / file).parent
        prose = re.sub(r"^```.*?^```", lambda m: "\n" * m[0].count("\n"), tree.text(file),
                       flags=re.M | re.S)
        for number, line in enumerate(prose.splitlines(), 1):
            for link in re.findall(r"\]\(([^)#\s]+)[^)]*\)", line):
                if "://" not in link and not (folder / link).exists():
                    yield f"{file}:{number}: there is no {link}"
            for name in re.findall(r"`([^`]+)`", line):
                if NAMED_IN_PROSE.fullmatch(name) and not (
                        (tree.root / name).exists() or (folder / name).exists()):
                    yield f"{file}:{number}: there is no {name}"


def check_banned(tree):
    """Calls that have a better one."""
    for file in tree.having(*SOURCE):
        for number, line in enumerate(tree.code(file).splitlines(), 1):
            for pattern, instead, where in BANNED:
                if where and (not file.startswith(where) or file in MAY_SLEEP):
                    continue
                if match := re.search(pattern, line):
                    yield f"{file}:{number}: not {match[0].strip(' (')}, but {instead}"


def check_private(tree):
    """Nothing that only its author's machine or tracker knows."""
    for file in tree.files:
        if file.startswith("tests/cases/") or Path(file).suffix not in TEXT:
            continue
        if file == "tests/tidy.py":
            continue  # Names them to ban them.
        for number, line in enumerate(tree.text(file).splitlines(), 1):
            for pattern, what in PRIVATE:
                if match := re.search(pattern, line):
                    yield f"{file}:{number}: {what}: {match[0]}"


def compile_flags(build):
    """The compiler, and all include folders and macros that any file of the build is given."""
    commands = json.loads((build / "compile_commands.json").read_text())
    flags = {}
    for command in commands:
        words = shlex.split(command["command"])
        for word, following in zip(words, words[1:] + [""]):
            if word == "-isystem":
                flags[(word, following)] = True
            elif re.match(r"-I|-D|-std=", word) and "WEIR_PROGRAM" not in word:
                flags[(word,)] = True
    compiler = next(word for word in shlex.split(commands[0]["command"])
                    if re.search(r"(\+\+|clang)[\d.-]*$", word))
    return [compiler, *(word for flag in flags for word in flag)]


def check_headers_alone(tree, build):
    """Each header compiles by itself. Where a .cpp includes it first, the build has shown that."""
    command = [*compile_flags(build), "-fsyntax-only", "-w", "-x", "c++"]
    # Headers of benchmarks and of tests' programs are seen by the programs alone.
    alone = [h for h in tree.having(".hpp")
             if not (h[:-4] + ".cpp" in tree.files and first_include_is(tree, h[:-4] + ".cpp", h))]

    def compile_one(header):
        # Included by a file of its own: a main file must not say #pragma once.
        return header, subprocess.run([*command, "-"], input=f'#include "{header}"\n', text=True,
                                      capture_output=True, cwd=tree.root, check=False)

    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for header, result in pool.map(compile_one, alone):
            if result.returncode != 0:
                yield f"{header}: does not compile alone: {result.stderr.strip().splitlines()[0]}"


CHECKS = [check_include_direction, check_includes_from_root, check_headers, check_file_names,
          check_function_length, check_names_in_prose, check_banned, check_private]


def complaints(tree, build=None):
    for check in CHECKS:
        yield from check(tree)
    if build is not None:
        yield from check_headers_alone(tree, build)


# --- The test of the tests -----------------------------------------------------------------------

GOOD_HEADER = "#pragma once\n\n// Says what it is.\n"
LONG = "void f() {\n" + "  g();\n" * 80 + "}\n"

# Files of a wrong tree, and what has to be said of it. "" = nothing.
WRONG_TREES = [
    ({"router/base/a.hpp": GOOD_HEADER, "router/sink/b.hpp": GOOD_HEADER +
      '#include "router/base/a.hpp"\n', "README.md": "`router/base/a.hpp` [b](router/sink)\n"}, ""),
    ({"router/base/a.hpp": GOOD_HEADER + '#include "router/sink/b.hpp"\n',
      "router/sink/b.hpp": GOOD_HEADER}, "router/base may not include router/sink/b.hpp"),
    ({"router/parse/a.hpp": GOOD_HEADER + '#include "router/ingest/b.hpp"\n',
      "router/ingest/b.hpp": GOOD_HEADER}, "router/parse may not include"),
    ({"router/topology/a.hpp": GOOD_HEADER + '#include "plugins/x/x.hpp"\n',
      "plugins/x/x.hpp": GOOD_HEADER}, "router/topology may not include plugins/x/x.hpp"),
    ({"plugins/x/x.hpp": GOOD_HEADER + '#include "router/sink/runner.hpp"\n',
      "router/sink/runner.hpp": GOOD_HEADER}, "plugins may not include router/sink/runner.hpp"),
    ({"plugins/x/x.hpp": GOOD_HEADER + '#include "plugins/y/y.hpp"\n',
      "plugins/y/y.hpp": GOOD_HEADER}, "plugins may not include plugins/y/y.hpp"),
    ({"router/base/a.hpp": GOOD_HEADER + '#include "b.hpp"\n'}, "there is no b.hpp"),
    ({"config/CMakeLists.txt": "a.cpp", "config/a.hpp": GOOD_HEADER,
      "config/a.cpp": '#include <vector>\n#include "config/a.hpp"\n'}, "first include has to be"),
    ({"config/a.hpp": "// No guard.\n"}, "begins with #pragma once"),
    ({"config/a.hpp": "#pragma once\nstruct A {};\n"}, "no paragraph"),
    ({"config/myFile.hpp": GOOD_HEADER}, "snake_case"),
    ({"config/CMakeLists.txt": "b.cpp", "config/a.cpp": "int a;\n"}, "no CMakeLists.txt"),
    ({"config/a.hpp": GOOD_HEADER + LONG}, "a function of 82 lines"),
    ({"config/a.hpp": GOOD_HEADER + "class A {\n" + re.sub("(?m)^", "  ", LONG) + "\n};\n"},
     "a function of 82 lines"),
    ({"config/a.hpp": GOOD_HEADER + LONG.replace("f() {", "A::A(int x,\n     int y)\n    : x_(x),\n"
                                                 "      y_(y) {")}, "a function of 85 lines"),
    ({"README.md": "See `router/gone.hpp`.\n"}, "README.md:1: there is no router/gone.hpp"),
    ({"plugins/x/README.md": "[more](more.md)\n"}, "there is no more.md"),
    ({"config/a.hpp": GOOD_HEADER + "int x = atoi(text);\n"}, "not atoi, but std::from_chars"),
    ({"config/a.hpp": GOOD_HEADER + '// atoi(x)\nauto x = "atoi(x)";\n'}, ""),
    ({"tests/a.hpp": GOOD_HEADER + "std::this_thread::sleep_for(1s);\n"}, "not sleep_for"),
    ({"config/a.hpp": GOOD_HEADER + "std::cout << std::endl;\n"}, "not std::endl"),
    ({"config/a.hpp": GOOD_HEADER + "// As told in issue #7.\n"}, "a ticket's number"),
    ({"deploy/a.yaml": "path: /home/me/weir\n"}, "a path of one machine"),
]


def self_test():
    failures = 0
    for files, expected in WRONG_TREES:
        with tempfile.TemporaryDirectory() as root:
            for name, text in files.items():
                (Path(root) / name).parent.mkdir(parents=True, exist_ok=True)
                (Path(root) / name).write_text(text)
            found = list(complaints(Tree(root)))
        if (not any(expected in c for c in found)) if expected else found:
            failures += 1
            print(f"self-test: expected {expected or 'no complaint'!r}, found {found}")
    print(f"self-test: {len(WRONG_TREES) - failures} of {len(WRONG_TREES)} trees judged rightly")
    return failures


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--root", default=Path(__file__).resolve().parent.parent)
    parser.add_argument("--build", type=Path)
    parser.add_argument("--self-test", action="store_true")
    options = parser.parse_args()
    if options.self_test:
        return 1 if self_test() else 0
    found = list(complaints(Tree(options.root), options.build))
    print(*found, sep="\n", end="\n" if found else "")
    print(f"tidy: {len(found)} complaints")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
