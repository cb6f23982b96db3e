# make demo      build, and explain a capture of testdata/
# make test      all tests
# make lab       the tests against the running kernel (as root)
# make captures  record the captures of testdata/ anew (as root; keys and times change)
# make bench     the benchmarks
#
# Only a Rust toolchain is needed; a C compiler (for zstd and xz) and libpcap (for live capture) are
# installed if they are missing.

CARGO ?= cargo
SUDO := $(shell [ "$$(id -u)" = 0 ] || echo sudo)

.PHONY: demo test lab captures bench needs

demo: needs
	$(CARGO) build --release --locked
	$(CARGO) run --release --locked --quiet -- report testdata/captures/add-addr-v6.pcap

test: needs lab
	tests/run.sh
	tests/run.sh --no-default-features --features cli
	$(CARGO) test --locked --no-default-features --lib

# Scenarios wait more than they work.
lab: needs
	$(CARGO) test --locked --test lab --no-run
	$(CARGO) test --locked --test lab -- --test-threads 6

captures:
	$(SUDO) testdata/record.sh

bench: needs
	benches/run.sh

needs:
	@{ command -v cc && test -e /usr/include/pcap/pcap.h; } >/dev/null || { \
		$(SUDO) apt-get update -q && \
		$(SUDO) apt-get install -y -q --no-install-recommends gcc libc6-dev libpcap-dev; }
