#!/bin/sh
# Says in one line what is missing, and adds Rust's wasm target where rustup can.
#   scripts/toolchain.sh rust | python
set -eu
wasm=wasm32-unknown-unknown

stop() {
    echo "make: $1" >&2
    exit 1
}

have() { command -v "$1" >/dev/null 2>&1; }

# rustc prints the folder whether or not it is there; without rustup a distribution's package may have put it there.
have_wasm() { [ -d "$(rustc --print target-libdir --target "$wasm" 2>/dev/null)" ]; }

case "${1:-}" in
rust)
    have cargo && have rustc || stop "cargo is missing: install Rust with rustup (https://rustup.rs)"
    have_wasm && exit 0
    have rustup || stop "Rust's target $wasm is missing, and so is rustup, which adds it: install rustup (https://rustup.rs)"
    rustup target add "$wasm" >/dev/null 2>&1 && have_wasm && exit 0
    stop "'rustup target add $wasm' doesn't work here: run it by hand to see why"
    ;;
python)
    have python3 || stop "python3 is missing: install Python 3 with its venv module, or set ENVOY to an Envoy of your own"
    python3 -c 'import ensurepip, venv' 2>/dev/null || stop "Python's venv module is missing: install it (Debian: python3-venv), or set ENVOY to an Envoy of your own"
    ;;
*)
    stop "usage: scripts/toolchain.sh rust | python"
    ;;
esac
