#!/bin/sh
# All tests, three times: as released, under ASan and UBSan, and those with threads under TSan.
# A failure in one does not keep the others from being run. Ends with the summary of each.
set -eu
cd "$(dirname "$0")/.."

# What is missing then has its tests skipped, each with the reason.
scripts/setup.sh test || echo "test: not all of it could be installed" >&2

rm -f build/test-*.log build/test-*.status
failed=""
for preset in release asan tsan; do
  echo "== $preset: build"
  if ! scripts/build.sh "$preset"; then
    failed="$failed $preset(build)"
    continue
  fi
  echo "== $preset: test"
  # A second try would hide what fails one time in a hundred, so there is none.
  status="build/test-$preset.status"
  { ctest --preset "$preset" -j "$(nproc)" 2>&1 && echo passed >"$status"; } |
    tee "build/test-$preset.log"
  [ -f "$status" ] || failed="$failed $preset"
done

echo
for preset in release asan tsan; do
  [ -f "build/test-$preset.log" ] || continue
  printf '%-8s %s\n' "$preset" "$(grep 'tests passed' "build/test-$preset.log" || echo 'no summary')"
done
if [ -n "$failed" ]; then
  echo "failed:$failed" >&2
  exit 1
fi
