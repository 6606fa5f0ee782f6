#!/bin/sh
# Measures: each program of benchmarks/raw beside weir, in one run. See benchmarks/README.md.
set -eu
cd "$(dirname "$0")/.."
scripts/setup.sh bench
scripts/build.sh release
exec cmake --build --preset release --target bench
