#!/bin/sh
# Installs weir from its build folder, builds a sink plugin against what was installed, as one who
# has nothing else would, and runs the installed weir with it.
#
#   run.sh CMAKE BUILD_FOLDER PLUGIN_SOURCE [SANITIZERS]
set -eu
cmake=$1
build=$2
source=$3
flags=${4:+-fsanitize=$4}
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

fail() {
  echo "plugin_out_of_tree: $1" >&2
  shift
  for file in "$@"; do cat "$file" >&2; done
  exit 1
}

"$cmake" --install "$build" --prefix "$scratch/prefix" >"$scratch/log" 2>&1 ||
  fail "the installation failed" "$scratch/log"
{
  "$cmake" -S "$source" -B "$scratch/build" -DCMAKE_PREFIX_PATH="$scratch/prefix" \
    -DCMAKE_CXX_FLAGS="-Wall -Wextra -Wno-missing-field-initializers -Werror $flags" &&
    "$cmake" --build "$scratch/build"
} >"$scratch/log" 2>&1 || fail "the plugin cannot be built" "$scratch/log"
! grep -rq "$(cd "$source/../../.." && pwd)/router" "$scratch/prefix/lib" "$scratch/prefix/include" ||
  fail "what was installed refers to the source tree"

weir="$scratch/prefix/bin/weir"
cat >"$scratch/weir.yaml" <<YAML
plugins: [$scratch/build/count_lines.so]
control_socket: $scratch/control
sources:
  events: stdin
sinks:
  counts:
    url: count_lines://$scratch/counts
    by: app
YAML

"$weir" check -c "$scratch/weir.yaml" >"$scratch/log" 2>&1 ||
  fail "weir check refuses the plugin" "$scratch/log"

# Options of the plugin are checked like any other's.
sed 's/by: app/buy: app/' "$scratch/weir.yaml" >"$scratch/wrong.yaml"
if "$weir" check -c "$scratch/wrong.yaml" >"$scratch/log" 2>&1; then
  fail "weir check takes an unknown option of the plugin" "$scratch/log"
fi
grep -q 'did you mean "by"' "$scratch/log" || fail "the error suggests nothing" "$scratch/log"

printf '{"app":"web"}\n{"app":"db"}\nno field\n{"app":"web"}\n' |
  "$weir" run -c "$scratch/weir.yaml" >"$scratch/log" 2>&1 ||
  fail "weir run ended with $?" "$scratch/log"
printf 'db 1\nnone 1\nweb 2\n' >"$scratch/expected"
cmp -s "$scratch/counts" "$scratch/expected" || fail "wrong counts" "$scratch/counts" "$scratch/log"

# A plugin that everyone may change is code of everyone.
chmod o+w "$scratch/build/count_lines.so"
if "$weir" check -c "$scratch/weir.yaml" >"$scratch/log" 2>&1; then
  fail "weir loads a plugin that everyone may write to"
fi
grep -q 'everyone may write' "$scratch/log" || fail "the error does not say why" "$scratch/log"
