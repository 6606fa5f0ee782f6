#!/bin/sh
# Measures weir: beside each program of benchmarks/raw, beside other routers, and alone while one thing
# grows. See benchmarks/README.md.
#
#   scripts/bench.sh [--quick]        quick: of other routers and of what grows just a look
set -eu
cd "$(dirname "$0")/.."
quick="${1:-}"
case "$quick" in
  "" | --quick) ;;
  *)
    echo "bench: unknown option \"$quick\"; there is --quick" >&2
    exit 2
    ;;
esac
scripts/setup.sh bench
scripts/build.sh release

# The second part is of use even where a case of the first was invalid.
failed=0
python3 benchmarks/bench.py --weir build/release/weir --raw build/release/benchmarks \
  --out build/bench/report.json || failed=1
# shellcheck disable=SC2086  # A word, or none.
python3 benchmarks/compare.py --weir build/release/weir --out build/bench \
  --raw-report build/bench/report.json $quick || failed=1
exit "$failed"
