#!/bin/sh
# The demonstration: a router on config/demo.yaml, a few hundred thousand events of eight apps over
# TCP and UDP, and then where they went. Works in a directory of its own and leaves nothing behind.
set -eu
cd "$(dirname "$0")/.."

weir=$PWD/build/release/weir
send=$PWD/build/release/benchmarks/raw_send
tcp_bytes=$((100 << 20))
udp_events=40000
udp_rate=20000  # A second. What comes faster than it is read, the kernel drops, and weir counts.

demo=$(mktemp -d "${TMPDIR:-/tmp}/weir-demo-XXXXXX")
router=""
clean_up() {
  [ -z "$router" ] || kill -9 "$router" 2>/dev/null || :
  rm -rf "$demo"
}
trap clean_up EXIT
trap 'exit 130' INT TERM HUP

bold="" plain=""
if [ -t 1 ]; then bold=$(printf '\033[1m') plain=$(printf '\033[0m'); fi
say() { printf '\n%s%s%s\n' "$bold" "$*" "$plain"; }
show() { sed 's/^/    /'; }

# One number out of one line of JSON.
field() { sed -n "s/.*\"$1\":\([0-9.]*\).*/\1/p"; }
port() { sed -n "s/.*\"$1\":\"[^\"]*:\([0-9]*\)\".*/\1/p" "$demo/ports"; }
told() { printf '    %d events, %.1f MB\n' "$(echo "$1" | field events)" "$(echo "$1" | field bytes)e-6"; }

export WEIR_LOG_DIR="$demo/logs" WEIR_PORT_FILE="$demo/ports" WEIR_CONTROL_SOCKET="$demo/control.sock"

say "The router: weir run -c config/demo.yaml"
grep -v '^ *#' config/demo.yaml | grep . | show
"$weir" run -c config/demo.yaml 2>"$demo/log" &
router=$!
tries=0
until [ -s "$demo/ports" ]; do
  tries=$((tries + 1))
  if [ "$tries" -gt 500 ] || ! kill -0 "$router" 2>/dev/null; then
    cat "$demo/log" >&2
    exit 1
  fi
  sleep 0.02
done

say "Eight apps send over TCP, on eight connections"
told "$("$send" tcp "127.0.0.1:$(port tcp)" --seed 1 --bytes "$tcp_bytes" --connections 8)"
say "… and over UDP, $udp_rate datagrams a second"
told "$("$send" udp "127.0.0.1:$(port udp)" --seed 2 --count "$udp_events" --rate "$udp_rate")"
say "… and somebody sends a line that is not JSON, with weir itself"
echo 'a line of text, which is an event as well' >"$demo/line"
echo "echo '$(cat "$demo/line")' | weir --from stdin --to tcp://127.0.0.1:$(port tcp)" | show
WEIR_PORT_FILE="" WEIR_CONTROL_SOCKET="$demo/sender.sock" \
  "$weir" --from stdin --to "tcp://127.0.0.1:$(port tcp)" <"$demo/line" 2>/dev/null

# A datagram has no end to wait for: until the counters stand still.
before=-1
while now=$("$weir" ledger --json | field copies_handed_out); [ "$now" != "$before" ]; do
  before=$now
  sleep 0.2
done

say "The Prometheus counters, from http://127.0.0.1:$(port admin)/metrics"
python3 -c 'import sys, urllib.request
sys.stdout.write(urllib.request.urlopen(sys.argv[1]).read().decode())' \
  "http://127.0.0.1:$(port admin)/metrics" >"$demo/metrics"
grep '^app_events_total{.*error' "$demo/metrics" | show
grep '^app_request_duration_seconds_count' "$demo/metrics" | head -3 | show
grep '^weir_source_received_events_total\|^weir_sink_delivered_events_total\|^weir_ledger_imb' \
  "$demo/metrics" | show

say "The ledger: weir ledger --assert"
"$weir" ledger --assert | show

say "SIGTERM: what is held is delivered, then the closing balance"
kill "$router"
code=0
wait "$router" || code=$?
router=""
grep '"balance"' "$demo/log" | python3 -c 'import json, sys
balance = json.load(sys.stdin)["balance"]
print("    balanced:", balance["balanced"], "  lost:", balance["lost"])
for s in balance["sources"]:
    print(f"""    source {s["name"]:9} received  {s["received"]:9,}   malformed {s["malformed_kept"]}""")
for s in balance["sinks"]:
    print(f"""    sink   {s["name"]:9} delivered {s["delivered"]:9,}   of {s["offered"]:,} offered""")'
echo "    exit code: $code (0: nothing was lost; 3: something was, and the ledger says what)"

say "The files, one for each app ({app}.ndjson; _ is for events without one)"
for file in "$demo"/logs/*.ndjson; do
  [ "$file" = "$demo/logs/errors.ndjson" ] && continue
  printf '    %-18s %9d lines %12d bytes\n' "$(basename "$file")" "$(wc -l <"$file")" "$(wc -c <"$file")"
done
say "Errors once more, in errors.ndjson: $(wc -l <"$demo/logs/errors.ndjson") lines, of which the first is"
head -n 1 "$demo/logs/errors.ndjson" | show
say "And the line of text, in _.ndjson"
show <"$demo/logs/_.ndjson"
# On a machine that is busy otherwise, the kernel may have dropped datagrams: no fault of the demo.
[ "$code" -eq 0 ] || [ "$code" -eq 3 ]
