# make demo   a three-node shop on this machine
# make test   everything that a change must pass
# make help   the rest
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.PHONY: help set-up build bin demo test lint rust-tests proof bench

# One profile, one feature set and one target folder for everything, so that RocksDB, most of a cold build, is
# compiled once. The folder is outside the checkout: a fresh clone finds it again.
export CARGO_TARGET_DIR ?= $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/livedrop/target
bin := $(CARGO_TARGET_DIR)/release

help: ## what there is
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

set-up: ## installs what a build needs and the machine lacks (libclang, by apt)
	@.ci/set-up build

build: set-up ## the binaries, in the target folder
	@cargo build --release --workspace --bins --locked
	@echo "built $(bin)/livedropd and $(bin)/livedropctl"

bin: ## prints the folder of the binaries, for PATH
	@echo $(bin)

demo: build ## three nodes with a seeded shop on 8081, 8082, 8083; DEMO="--empty --dir DIR" passes flags on
	@exec $(bin)/livedropd demo $(DEMO)

test: lint rust-tests ## everything that a change must pass

lint: set-up ## format, clippy, and the rules for dependencies
	@.ci/lint

# The binaries first: the cluster tests start real livedropd processes. Without localstripe, Varnish, HAProxy, nginx or
# promtool their tests are counted as ignored, with the reason; REQUIRE_ALL=1 makes them fail.
rust-tests: build
	@.ci/set-up stripe || true
	@.ci/set-up edge || true
	@.ci/set-up watch || true
	@cargo test --release --workspace --locked

proof: build ## the long versions of the cluster tests, with their figures; PROOF="--help" lists them
	@exec $(bin)/proof $(PROOF)

bench: build ## says how to measure purchases a second
	@echo "1. make demo DEMO=--empty            (in another terminal)"
	@echo "2. $(bin)/livedropctl --endpoints http://127.0.0.1:8081,http://127.0.0.1:8082,http://127.0.0.1:8083 bench purchase"
	@echo "   --help lists the load's shape: connections, open or closed loop, duration, -o json"
