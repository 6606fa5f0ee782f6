#!/bin/sh
# Configures and builds one preset of CMakePresets.json, after setting up what it needs.
#
#   scripts/build.sh PRESET [TARGET...]
set -eu
cd "$(dirname "$0")/.."
preset=$1
shift

scripts/setup.sh build
# Quiet where it goes well, whole where it does not.
mkdir -p build
if ! cmake --preset "$preset" >"build/configure-$preset.log" 2>&1; then
  cat "build/configure-$preset.log" >&2
  exit 1
fi
cmake --build --preset "$preset" ${*:+--target "$@"}
