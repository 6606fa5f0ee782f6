#!/bin/sh
# Puts Debian's syslog-ng into build/bench/routers, for the comparison. It is not installed: it and
# rsyslog exclude each other, and installing one removes the other.
set -eu
cd "$(dirname "$0")/.."
folder="build/bench/routers/syslog-ng"
[ -x "$folder/usr/sbin/syslog-ng" ] && exit 0
if ! command -v apt-get >/dev/null || ! command -v dpkg >/dev/null; then exit 0; fi

mkdir -p build/bench/routers
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
if ! (cd "$place" && apt-get download -q syslog-ng-core) >&2; then
  echo "setup: no syslog-ng to be had; the comparison will say that it is missing" >&2
  exit 0
fi
rm -rf "$folder.new" && dpkg -x "$place"/syslog-ng-core_*.deb "$folder.new"
rm -rf "$folder" && mv "$folder.new" "$folder"
