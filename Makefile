# The two commands that a newcomer needs: `make demo` and `make test`.
.PHONY: demo test setup lint deny bench fmt

CARGO ?= cargo

# See it work: a master tree, six mirrors, the whole way, on loopback. Ctrl-C ends it.
demo:
	scripts/setup.sh build
	$(CARGO) run --locked --quiet -p mirrormanager -- demo $(ARGS)

# Everything that is checked, cheapest first. Installs what it needs.
test: setup lint deny
	$(CARGO) test --locked --workspace --no-fail-fast
	$(CARGO) run --locked --quiet -p mirrormanager -- demo --once

setup:
	scripts/setup.sh

lint:
	$(CARGO) fmt --all --check
	$(CARGO) clippy --locked --workspace --all-targets -- -D warnings
	RUSTDOCFLAGS="-D warnings -A rustdoc::private-intra-doc-links" $(CARGO) doc --locked --workspace --no-deps --document-private-items

# Licences, banned crates, sources. The advisory database is fetched from the network, so it is a
# command of its own: `cargo deny check advisories`.
deny:
	command -v cargo-deny >/dev/null || $(CARGO) install --locked --quiet cargo-deny
	$(CARGO) deny --locked check --hide-inclusion-graph bans licenses sources

# The promises about speed, one line a figure. SCALE=1 for the full size, ROWS=mirrorlist,start for some.
bench:
	$(CARGO) bench --locked -p benches

fmt:
	$(CARGO) fmt --all
