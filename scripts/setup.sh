#!/bin/sh
# Installs the Debian packages that weir is built with, and does nothing where all are there.
# The one place that names them.
#
#   scripts/setup.sh [build] [test] [lint] [bench]        (default: build)
set -eu

build="g++ make cmake ninja-build ccache pkg-config python3
  libboost1.81-dev libsimdjson-dev libyaml-cpp-dev libre2-dev libcli11-dev libfmt-dev libspdlog-dev
  zlib1g-dev libzstd-dev libssl-dev librdkafka-dev prometheus-cpp-dev catch2"
# For tests on a real Kafka, on networks that fail, and on disks that fail or lose their power. Any Java
# from 17 on and any Maven will do.
test="nftables iproute2 strace xfsprogs"
command -v java >/dev/null || test="$test openjdk-17-jre-headless"
command -v mvn >/dev/null || test="$test maven"
lint="git clang-format clang-tidy-16"
# What syslog-ng needs: it is unpacked beside rsyslog, which excludes it (unpack_syslog_ng.sh).
bench="rsyslog libglib2.0-0 libivykis0 libjson-c5 libnet1 libpcre3 libwrap0"

wanted=""
for group in "${@:-build}"; do
  case "$group" in
    build) wanted="$wanted $build" ;;
    test) wanted="$wanted $test" ;;
    lint) wanted="$wanted $lint" ;;
    bench) wanted="$wanted $bench" ;;
    *)
      echo "setup: there is no group \"$group\"; the groups are: build, test, lint, bench" >&2
      exit 2
      ;;
  esac
done

if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
  echo "setup: this is not a Debian system, so nothing is installed. weir needs what these Debian 12" >&2
  echo "setup: packages hold:" $wanted >&2
  exit 0
fi

# One call for all; a package that dpkg has never heard of is only named on stderr.
installed=$(dpkg-query -W -f '${db:Status-Abbrev} ${Package} \n' $wanted 2>/dev/null |
  sed -n 's/^ii *//p' | tr -d '\n')
missing=""
for package in $wanted; do
  case " $installed" in
    *" $package "*) ;;
    *) missing="$missing $package" ;;
  esac
done
unpack() {
  case " ${*:-build} " in
    *" bench "*) "$(dirname "$0")/unpack_syslog_ng.sh" ;;
  esac
}
if [ -z "$missing" ]; then
  unpack "$@"
  exit 0
fi

echo "setup: installing the missing packages:$missing" >&2
as_root=""
if [ "$(id -u)" -ne 0 ]; then
  if ! command -v sudo >/dev/null; then
    echo "setup: this needs root, and there is no sudo. As root, run: apt-get install$missing" >&2
    exit 1
  fi
  as_root="sudo"
fi
# A broken third-party list must not stop what Debian itself can give.
$as_root apt-get update -q || echo "setup: apt-get update failed; trying with the lists at hand" >&2
$as_root env DEBIAN_FRONTEND=noninteractive \
  apt-get install -q -y --no-install-recommends $missing
unpack "$@"
