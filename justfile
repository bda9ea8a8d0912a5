# The daily commands; plain cargo does the same. `just` lists them.
features := "approximate,kernel,parquet"

_list:
    @just --list

# Run all tests, or those of one file: just test --test act
test *args:
    cargo test --features {{features}} {{args}}

# Lints, as errors
lint:
    cargo clippy --locked --all-targets --features {{features}} -- -D warnings

# Format the sources
fmt:
    cargo fmt
    cargo fmt --manifest-path fuzz/Cargo.toml

# Measure, and write docs/benchmarks.md: just bench --only tile
bench *args:
    benches/report.py {{args}}

# Fuzz every target for a minute, or: just fuzz 600 jpeg
fuzz *args:
    fuzz/run {{args}}

# Build the documentation
doc:
    cargo doc --no-deps --features {{features}}

# All that a change must pass (Debian, as root)
ci:
    .ci/run
