#!/usr/bin/env bash
# A check of the GPU code on a machine that is at hand for minutes, bare but for its driver:
#   benches/device.sh prepare     on a development machine: builds what the check needs
#   benches/device.sh run OUT     on the machine with the GPU, from the repository's root
# Everything measured goes to OUT as Markdown and JSON, step by step, within six minutes.
set -uo pipefail
cd "$(dirname "$0")/.."

KIT=target/device
LIMIT_MB=120
# The tests on a GPU, and how many seconds each may take.
TESTS=(gpu:40 gpu_hamming:60 gpu_windows:40 gpu_align:40)

fail() {
    echo "device.sh: $*" >&2
    exit 1
}

# The executable of a bench or test that cargo has just built.
executable() {
    local kind=$1 name=$2
    python3 -c '
import json, sys
kind, name = sys.argv[1:]
for line in sys.stdin:
    message = json.loads(line)
    target = message.get("target", {})
    if message.get("executable") and target.get("name") == name and kind in target.get("kind", []):
        print(message["executable"])
' "$kind" "$name" | tail -n 1
}

prepare() {
    rm -rf "$KIT" && mkdir -p "$KIT/lib" || fail "$KIT cannot be made"
    local build=(--release --locked --message-format=json)
    local bench test name program
    program=$(cargo build "${build[@]}" --bin clean-backup | executable bin clean-backup)
    for test in "${TESTS[@]}"; do
        name=${test%:*}
        test=$(cargo test "${build[@]}" --no-run --test "$name" | executable test "$name")
        [ -x "$test" ] && strip -o "$KIT/$name" "$test" || fail "the tests $name were not built"
    done
    bench=$(cargo bench --locked --message-format=json --no-run --bench gpu | executable bench gpu)
    for file in "$program" "$bench"; do
        [ -x "$file" ] || fail "a build failed"
    done
    strip -o "$KIT/clean-backup" "$program" && strip -o "$KIT/gpu-bench" "$bench" ||
        fail "strip failed"
    # The Vulkan loader, which a bare machine may lack, where Debian's package can be had.
    if command -v apt-get >/dev/null; then
        (cd "$KIT" && apt-get download -qq libvulkan1 2>/dev/null &&
            dpkg-deb -x libvulkan1_*.deb unpacked &&
            cp -a unpacked/usr/lib/*/libvulkan.so.* lib/)
        rm -rf "$KIT"/unpacked "$KIT"/libvulkan1_*.deb
    fi
    [ -e "$KIT/lib/libvulkan.so.1" ] || echo "note: without a Vulkan loader; the machine must have one" >&2
    local size
    size=$(du -sm "$KIT" | cut -f 1)
    ((size <= LIMIT_MB)) || fail "$KIT takes $size MB, more than $LIMIT_MB"
    echo "$KIT: $size MB. On the machine with the GPU: benches/device.sh run OUT"
}

# Runs a step within its limit; its output goes to OUT/NAME.log, and how it ended to the report.
step() {
    local name=$1 limit=$2
    shift 2
    local start=$SECONDS code
    timeout --kill-after=5 "$limit" "$@" >"$OUT/$name.log" 2>&1
    code=$?
    local took=$((SECONDS - start)) ended=passed
    ((code == 0)) || ended="failed with exit code $code"
    ((code == 124 || code == 137)) && ended="cut off after $limit s"
    echo "$name: $ended, $took s"
    echo "- \`$name\`: $ended, $took s" >>"$OUT/steps.md"
    STEPS+="${STEPS:+, }{\"step\": \"$name\", \"exit_code\": $code, \"seconds\": $took}"
    report
    return $code
}

# The whole report so far, so that a cut leaves what was done before it.
report() {
    {
        echo "# GPU check"
        echo
        echo "$(date -u +%Y-%m-%d), $(uname -sm), $(nproc) CPU threads," \
            "$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1)"
        echo
        cat "$OUT/steps.md"
        echo
        [ -e "$OUT/bench.md" ] && cat "$OUT/bench.md"
        local test
        for test in "${TESTS[@]%:*}"; do
            [ -e "$OUT/$test.log" ] || continue
            echo
            echo "Tests \`$test\`: $(grep '^test result' "$OUT/$test.log" || echo 'no result')"
            grep -h '0 bits differ' "$OUT/$test.log" | sed 's/^/- /'
        done
        [ -e "$OUT/dedupe.md" ] && echo && cat "$OUT/dedupe.md"
    } >"$OUT/report.md.part"
    mv "$OUT/report.md.part" "$OUT/report.md"
    {
        echo "{\"date\": \"$(date -u +%Y-%m-%dT%H:%M:%SZ)\", \"steps\": [$STEPS]," \
            "\"bench\": $(cat "$OUT/bench.json" 2>/dev/null || echo null)}"
    } >"$OUT/report.json"
}

# One whole run on the GPU beside one on the CPU: the same groups.
dedupe() {
    local library=$WORK/library count=$1 mode
    "$KIT/gpu-bench" --library "$library" "$count" || return 1
    export XDG_CACHE_HOME=$WORK XDG_STATE_HOME=$WORK XDG_CONFIG_HOME=$WORK HOME=$WORK
    for mode in "--cpu" "--gpu $GPU_MODE"; do
        local name=${mode//[- ]/}
        # The exit code is 0: nothing is to be skipped. Timing and backend are no result.
        # shellcheck disable=SC2086
        "$KIT/clean-backup" dedupe "$library" $mode --threshold 12 --no-progress \
            --cache "$WORK/$name.db" --format json -o "$WORK/$name.json" || return 1
        grep -vE '"(seconds|backend)"' "$WORK/$name.json" >"$WORK/$name.same"
        echo "$mode: $(grep -E '"seconds"' "$WORK/$name.json" | tr -d ' ,')"
    done
    cmp "$WORK/cpu.same" "$WORK/gpu$GPU_MODE.same" || return 1
    local groups
    groups=$(grep -cE '"keeper": \{' "$WORK/cpu.json")
    {
        echo "\`dedupe\` of $count pictures, \`--gpu $GPU_MODE\` beside \`--cpu\`:" \
            "the same output, $groups groups."
    } >"$OUT/dedupe.md"
    ((groups > 0))
}

run() {
    [ -x "$KIT/gpu-bench" ] || fail "$KIT is not there: run 'benches/device.sh prepare' first"
    mkdir -p "$OUT" || fail "$OUT cannot be made"
    OUT=$(cd "$OUT" && pwd)
    WORK=$(mktemp -d) || fail "no folder for temporary files"
    trap 'rm -rf "$WORK"' EXIT
    STEPS=
    : >"$OUT/steps.md"
    ldconfig -p 2>/dev/null | grep -q 'libvulkan\.so\.1' ||
        export LD_LIBRARY_PATH="$PWD/$KIT/lib${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"
    if [ -z "${VK_DRIVER_FILES:-}" ]; then
        local found
        found=$(find /usr/share/vulkan/icd.d /etc/vulkan/icd.d /usr/local -name '*icd*.json' \
            -path '*vulkan*' 2>/dev/null | sort -u | paste -sd :)
        if [ -z "$found" ]; then
            report
            fail "no Vulkan driver: no manifest below /usr/share/vulkan/icd.d, /etc/vulkan/icd.d or" \
                "/usr/local; name it in VK_DRIVER_FILES"
        fi
        export VK_DRIVER_FILES=$found
    fi
    # It ends with exit code 0 when the hash's self-test is good, GPU or none.
    step doctor 30 "$KIT/clean-backup" doctor || cat "$OUT/doctor.log" >&2
    GPU_MODE=on
    if ! grep -E '^GPU:' "$OUT/doctor.log" | grep -qv '(software'; then
        if ! grep -q '^GPU:.*(software' "$OUT/doctor.log"; then
            report
            fail "no adapter. Drivers asked: $VK_DRIVER_FILES; loader:" \
                "$(ldconfig -p 2>/dev/null | grep -o '/.*libvulkan\.so\.1$' || ls "$KIT/lib")"
        fi
        GPU_MODE=any
        echo "no GPU here, only software: everything is run on that, in smaller sizes" >&2
    fi
    export REQUIRE_GPU_TESTS=1
    local test
    for test in "${TESTS[@]}"; do
        step "${test%:*}" "${test#*:}" "$KIT/${test%:*}" --nocapture --test-threads 1
    done
    step bench 100 "$KIT/gpu-bench" --out "$OUT" --budget 90
    export -f dedupe && export KIT WORK OUT GPU_MODE
    local count=20000
    [ "$GPU_MODE" = on ] || count=2000
    step dedupe 50 bash -c "dedupe $count"
    echo "report: $OUT/report.md"
    ! grep -qvE ': passed' "$OUT/steps.md"
}

case "${1:-}" in
prepare) prepare ;;
run)
    [ $# -eq 2 ] || fail "usage: benches/device.sh run OUT"
    OUT=$2
    run
    ;;
*) fail "usage: benches/device.sh prepare | run OUT" ;;
esac
