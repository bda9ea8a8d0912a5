# The daily commands. Plain cargo does as well.

features := "approximate,parquet"

test *args:
    cargo test --features {{features}} {{args}}

lint:
    cargo fmt --check
    cargo clippy --all-targets --features {{features}} -- -D warnings

fmt:
    cargo fmt

doc:
    cargo doc --no-deps --features {{features}} --open

bench name *args:
    cargo bench --features {{features}} --bench {{name}} -- {{args}}

ci:
    .ci/run
