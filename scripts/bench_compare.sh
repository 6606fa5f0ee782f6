#!/bin/sh
# Builds another revision beside this one and compares the two, alternating, on this machine.
#
#   scripts/bench_compare.sh REVISION [--quick]
set -eu
cd "$(dirname "$0")/.."
base="${1:-}"
if [ -z "$base" ]; then
  echo "bench-compare: which revision? make bench-compare BASE=main~10" >&2
  exit 2
fi
shift
if ! revision=$(git rev-parse --verify --quiet "$base^{commit}"); then
  echo "bench-compare: git knows no revision \"$base\"" >&2
  exit 2
fi
scripts/build.sh release

tree="$PWD/build/compare/$revision"
if [ ! -x "$tree/build/release/weir" ]; then
  rm -rf "$tree"
  mkdir -p "$tree"
  git archive "$revision" | tar -x -C "$tree"
  (cd "$tree" && scripts/build.sh release weir)
fi
exec python3 benchmarks/revisions.py --base "$tree/build/release/weir" \
  --weir build/release/weir --raw build/release/benchmarks --out build/bench/revisions.json "$@"
