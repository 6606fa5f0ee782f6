#!/bin/sh
# Runs the router in the foreground, on config/weir.yaml or the file named in CONFIG, and prints one
# line that sends it an event. Ends with Ctrl-C.
set -eu
cd "$(dirname "$0")/.."
config=${CONFIG:-config/weir.yaml}
weir=$PWD/build/release/weir

"$weir" check -c "$config" >/dev/null  # What is wrong with it is said before anything else.

event='{"level":"error","app":"shop","status":500}'
address() { sed -n "s/^[^#]*\\($1:\\/\\/[^ \"'?]*\\).*/\\1/p" "$config" | head -n 1; }
tcp=$(address tcp) udp=$(address udp)
if [ -n "$tcp" ]; then
  line="echo '$event' | $weir --from stdin --to \"$tcp\""
elif [ -n "$udp" ]; then
  line="echo '$event' >\"/dev/udp/$(echo "${udp#udp://}" | sed 's/:\([^:]*\)$/\/\1/')\"   # in bash"
else
  line=""
fi
echo "weir runs on $config until you press Ctrl-C." >&2
[ -z "$line" ] || printf 'To send it an event, paste into another terminal:\n\n  %s\n\n' "$line" >&2
exec "$weir" run -c "$config"
