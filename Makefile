# The commands of a person who has just cloned this: `make up` and `make test`.
# What they need beside Rust and a C compiler they install, or they say what is missing.

TARGET_DIR := $(or $(CARGO_TARGET_DIR),target)
NARTHEX    := $(TARGET_DIR)/release/narthex

.PHONY: up test bench bench-rules bench-query bench-storage soak differential fuzz lint ui tools

# Builds what has changed and watches this machine. ARGS go to `narthex up`:
#   make up ARGS="--data /var/lib/narthex --listen 127.0.0.1:9191"
up: ui
	@cargo build --release
	@exec $(NARTHEX) up $(ARGS)

# Every check and every test, closed by one line `N passed, M failed`.
test: tools
	@cargo xtask ci

# Narthex and Debian's prometheus on the same load, in one run; writes docs/operations/measurements.md.
#   make bench ARGS="--targets 500 --series 1000 --interval 10"
bench: tools
	@cargo xtask peers prometheus
	@cargo build --release --package narthex --package bench
	@$(TARGET_DIR)/release/bench ingest --narthex $(NARTHEX) $(ARGS)

# What evaluating rules costs, over series that the rules ask for; writes the same page.
#   make bench-rules ARGS="--rules path/to/manifests"
bench-rules: tools
	@cargo xtask peers prometheus
	@cargo build --release --package narthex --package bench
	@$(TARGET_DIR)/release/bench rules --narthex $(NARTHEX) $(ARGS)

# What queries cost: Narthex, Prometheus 3.14 and VictoriaMetrics in one run; writes the same page.
#   make bench-query ARGS="--series 100000"
bench-query: tools
	@cargo xtask peers prometheus-3.14 victoria-metrics
	@cargo build --release --package narthex --package bench
	@$(TARGET_DIR)/release/bench query --narthex $(NARTHEX) \
	  --prometheus $(TARGET_DIR)/peers/prometheus $(ARGS)

# Whether memory, handles or threads of a server grow over hours; writes the same page.
#   make soak ARGS="--hours 1 --series 200000"
soak: tools
	@cargo build --release --package narthex --package bench
	@$(TARGET_DIR)/release/bench soak --narthex $(NARTHEX) $(ARGS)

# What storing costs: Narthex and Debian's prometheus and victoria-metrics in one run; the same page.
# About half an hour.
#   make bench-storage ARGS="--series 500000"
bench-storage: tools
	@cargo xtask peers prometheus victoria-metrics
	@cargo build --release --package narthex --package bench
	@$(TARGET_DIR)/release/bench storage --narthex $(NARTHEX) $(ARGS)

# Narthex and Prometheus 3.14 asked the same of the same blocks; reports in target/differential.
#   make differential ARGS="--random 20000 --seed 7"
differential: tools
	@cargo xtask peers prometheus-3.14
	@cargo build --release --package narthex --package bench
	@$(TARGET_DIR)/release/bench differential --narthex $(NARTHEX) \
	  --prometheus $(TARGET_DIR)/peers/prometheus --output $(TARGET_DIR)/differential $(ARGS)

# Searches for bytes that break what reads them: expressions, patterns, templates, pages of metrics, relabelling, configurations.
#   make fuzz SECONDS=600
# What breaks lies in fuzz/artifacts; mended, it goes to fuzz/corpus, which `make test` replays.
SECONDS := 60
fuzz: tools
	@cargo fuzz --version >/dev/null 2>&1 || cargo install --locked --quiet cargo-fuzz
	@for target in lexer parser series_notation label_regex evaluation template \
	  text openmetrics protobuf relabel configuration; do \
	  mkdir -p $(TARGET_DIR)/fuzz/$$target; \
	  RUSTC_BOOTSTRAP=1 cargo fuzz run --sanitizer none $$target \
	    $(abspath $(TARGET_DIR))/fuzz/$$target fuzz/corpus/$$target -- \
	    -max_total_time=$(SECONDS) -max_len=512 -timeout=30 || exit 1; done

# Format, clippy, tidy, licences and bans, the UI sources.
lint: tools
	@cargo fmt --all --check -- -l
	@cargo clippy --workspace --all-targets -- -D warnings
	@cargo xtask tidy
	@cargo deny --version >/dev/null 2>&1 || { \
	  echo "cargo-deny is missing: building it once, which takes some minutes"; \
	  cargo install --locked --quiet cargo-deny; }
	@cargo deny check bans licenses sources
	@cargo xtask ui-lint

# The pages, when their sources are newer than ui/dist.
ui: tools
	@cargo xtask ui

tools:
	@command -v cargo >/dev/null || { \
	  echo "missing: cargo. Install Rust with rustup; rust-toolchain.toml names the version"; exit 1; }
	@command -v cc >/dev/null || { \
	  echo "missing: a C compiler (cc). On Debian: apt-get install gcc libc6-dev"; exit 1; }
