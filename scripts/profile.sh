#!/bin/sh
# Where the plugin's time goes, by function, while it answers the requests of a
# scenario. Usage: scripts/profile.sh PLUGIN SCENARIO, with a plugin whose
# functions have kept their names.
set -eu

command -v perf >/dev/null || { echo 'profile: perf is not installed' >&2; exit 1; }
plugin=$1 scenario=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

cargo build --quiet --locked --ignore-rust-version -p tenant-guard-host-tests --example profile
perf record --quiet --output "$work/data" --freq 2000 \
    "${CARGO_TARGET_DIR:-target}/debug/examples/profile" "$plugin" "$scenario"
# The host's own time, and that of compiling the plugin, is in other objects.
object=$(perf report --input "$work/data" --stdio --sort dso 2>/dev/null | grep -o '\[JIT\] tid [0-9]*' | head -n 1)
[ -n "$object" ] || { echo 'profile: perf saw nothing of the plugin' >&2; exit 1; }
perf report --input "$work/data" --stdio --percentage relative --dsos "$object" --sort symbol 2>/dev/null |
    sed -n -e 's/\[[0-9a-f]\{16\}\]//g' -e 's/::h[0-9a-f]\{16\}//' -e 's/[ -]*$//' -e '/%/p' | head -n 45
rm -f "/tmp/perf-${object##* }.map"
