#!/bin/sh
# Checks the format of every C++ file, and with clang-tidy those .cpp files that differ from where
# this branch left the main one. clang-tidy stops at LINT_SECONDS (600); what it did not reach is
# said.
#
#   scripts/lint.sh [--all] [FILE...]       the files for clang-tidy; default: the changed ones
set -eu
cd "$(dirname "$0")/.."
scripts/setup.sh build lint

sources() { git ls-files --cached --others --exclude-standard -- '*.cpp' '*.hpp'; }

echo "lint: format of $(sources | wc -l) files"
# `--dry-run -Werror` names file and line of each difference.
sources | xargs -r clang-format --dry-run -Werror

changed() {
  for main in origin/main origin/master main master; do
    base=$(git merge-base HEAD "$main" 2>/dev/null) && break
  done
  # On the main branch itself: what the last commit changed.
  if [ -z "${base:-}" ] || [ "$base" = "$(git rev-parse HEAD)" ]; then
    base=$(git rev-parse -q --verify HEAD~1) || base=$(git hash-object -t tree /dev/null)
  fi
  git diff --name-only --diff-filter=d "$base" -- '*.cpp'
}

case "${1:-}" in
  --all) files=$(git ls-files -- '*.cpp') ;;
  "") files=$(changed) ;;
  *) files="$*" ;;
esac
[ -n "$files" ] || { echo "lint: clang-tidy has nothing to check"; exit 0; }

database=build/release
[ -f "$database/compile_commands.json" ] || cmake --preset release >/dev/null
echo "lint: clang-tidy of $(echo "$files" | wc -w) files"
stop=$(($(date +%s) + ${LINT_SECONDS:-600}))
export stop database
# Each file by itself, on all cores. Exit code 255 would end xargs early, so a failure is 1.
printf '%s\n' $files | xargs -r -P "$(nproc)" -n 1 sh -c '
  [ "$(date +%s)" -lt "$stop" ] || { echo "lint: out of time before $1"; exit 0; }
  grep -q "$1\"" "$database/compile_commands.json" || { echo "lint: $1 is not built"; exit 0; }
  errors=$(clang-tidy-16 --quiet -p "$database" "$1" 2>&1 >&3) && exit 0
  # Findings stand on stdout. Where clang-tidy itself crashed, stderr tells over which function.
  echo "lint: clang-tidy failed for $1" >&3
  echo "$errors" | grep -v "warnings\? generated" | head -5 >&3
  exit 1' sh 3>&1
