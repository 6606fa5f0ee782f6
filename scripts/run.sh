#!/bin/sh
# Runs the router in the foreground, on config/weir.yaml or the file named in CONFIG, and prints one
# line that sends it an event. Ends with Ctrl-C.
set -eu
cd "$(dirname "$0")/.."
config=${CONFIG:-config/weir.yaml}

address=$(sed -n 's/^[^#]*\(tcp:\/\/[^ ]*\).*/\1/p' "$config" | head -n 1)
cat >&2 <<EOF
weir runs on $config until you press Ctrl-C. To send it an event, paste into another terminal:

  echo '{"level":"error","app":"shop","status":500}' | $PWD/build/release/weir --from stdin --to ${address:-tcp://127.0.0.1:5170}

EOF
exec build/release/weir run -c "$config"
