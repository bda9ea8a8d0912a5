#!/usr/bin/env python3
"""Runs the benchmarks and writes docs/benchmarks.md.

usage: benches/report.py [--only PART]... [--quick] [--limit SECONDS] [--out FILE] [--list]

Every part is built first, then run within a time limit of its own. Parts that are not run keep their section of the
page, with the machine and the date that it was measured on. Nothing else should run on the machine meanwhile; the
load that was found is written down.
"""
import argparse
import datetime
import json
import os
import pathlib
import platform
import re
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field

ROOT = pathlib.Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs/benchmarks.md"


@dataclass
class Part:
    name: str
    title: str
    about: str
    bench: str
    limit: int  # seconds, without building
    arguments: list = field(default_factory=list)
    quick: list | None = None  # arguments for --quick, where they differ
    criterion: bool = False  # read criterion's estimates instead of the output
    needs: str | None = None  # a variable without which there is nothing to measure
    script: bool = False  # a Python file of `benches` that prints Markdown


PARTS = [
    Part("tile", "Hashing a tile",
         "The 256-bit and the 64-bit hash and the quality of a 32×32 tile, on one core. An iteration is all tiles of "
         "`fixtures/golden/tiles.bin`.",
         "hash", 120, criterion=True),
    Part("whole-run", "A whole run over camera JPEGs",
         "Reading, decoding, hashing, the database and grouping, each way in a process of its own, medians of three "
         "rounds. `CLEAN_BACKUP_BENCH_JPEGS` names the folder; `benches/make_camera_jpegs.py` makes one.",
         "whole_run", 1200, needs="CLEAN_BACKUP_BENCH_JPEGS"),
    Part("preview", "Previews",
         "A picture to look at, out of a camera's JPEG of 12 megapixels, by the longer side in pixels.",
         "preview", 300, criterion=True),
    Part("films", "Films",
         "Seconds of one CPU for a film of a minute with a keyframe every two seconds: its first frame, which finds it; "
         "frames at eight times, which are compared, of the film whose keyframes are taken and of the other one; beside "
         "five pieces of six seconds through ffmpeg, which is how other programs read films. Needs ffmpeg.",
         "films", 1800),
    Part("library", "A library in the cache",
         "What each stage costs beyond decoding: made-up pictures (a horizon, boxes and discs of all sizes) of which a "
         "tenth are re-encodings and crops of others, compared for the first time without the last two-thousandth, then "
         "with it, then unchanged; and a time-lapse of 100,000 frames that are all near each other.",
         "library", 1800, ["1000000"], ["100000"]),
    Part("index", "Searching hashes",
         "Building and asking the index of 64-bit hashes.",
         "index", 600, criterion=True),
    Part("joins", "All pairs of hashes",
         "Self-joins by radius, compared with the plain scan at 100,000 hashes.",
         "index", 900, ["table", "100000", "1000000", "10000000"], ["table", "100000"]),
    Part("peers", "Searching hashes, beside other indexes",
         "The same hashes in bk-tree and in the graph of hnsw_rs. `benches/peers/hamming.py` does so for faiss and "
         "usearch.",
         "index", 1800, ["peers"], ["peers", "10000"]),
    Part("apply", "Acting",
         "Files of 20 kB by a plan, beside `mv` and `cp`, which neither check nor write down anything. Medians of five "
         "rounds on the disk of `TMPDIR`.",
         "apply", 900, [], ["1000"]),
    Part("import", "Importing",
         "Generated JPEGs into a library, with everything it takes: reading dates, hashing, planning, copying, waiting "
         "for the disk, reading back. Medians of three rounds on the disk of `TMPDIR`.",
         "import", 900, [], ["1000"]),
    Part("recall", "What is found",
         "Different pictures that look alike and would be acted on, in brackets those only shown, by set "
         "(`CLEAN_BACKUP_LOOKALIKES`); then recall by kind of edit, and different photographs in one group "
         "(`CLEAN_BACKUP_CORPUS`). "
         "`benches/peers/hashes.py` measures ImageHash and PDQ on the same folders.",
         "neardup", 900, needs="CLEAN_BACKUP_CORPUS"),
    Part("keepers", "Which file is kept",
         "Originals beside copies that were made from them in known ways, by the kind of copy; `CLEAN_BACKUP_KEEPERS` "
         "names the folder of samples. `benches/keepers.py` says what it needs, and builds the pairs; `cargo build "
         "--release` comes first.",
         "keepers", 3600, needs="CLEAN_BACKUP_KEEPERS", script=True),
]


def output_of(*command):
    try:
        return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return ""


def first_match(path, pattern):
    try:
        found = re.search(pattern, pathlib.Path(path).read_text(errors="replace"), re.MULTILINE)
    except OSError:
        return None
    return found.group(1).strip() if found else None


def machine():
    cpu = (first_match("/proc/cpuinfo", r"^model name\s*:\s*(.*)$")
           or output_of("sysctl", "-n", "machdep.cpu.brand_string") or platform.processor() or "unknown CPU")
    system = first_match("/etc/os-release", r'^PRETTY_NAME="?([^"\n]*)') or f"{platform.system()} {platform.release()}"
    memory = first_match("/proc/meminfo", r"^MemTotal:\s*(\d+) kB")
    parts = [cpu, f"{os.cpu_count()} hardware threads"]
    if memory:
        parts.append(f"{int(memory) / 2**20:.0f} GiB of memory")
    parts += [f"{system} ({platform.machine()})", output_of("rustc", "--version")]
    return ", ".join(part for part in parts if part)


def build(part):
    """The bench's executable, or None if it cannot be built."""
    command = ["cargo", "bench", "--no-run", "--bench", part.bench, "--message-format=json-render-diagnostics"]
    if part.bench == "index":
        command += ["--features", "approximate"]
    built = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    executable = None
    for line in built.stdout.splitlines():
        message = json.loads(line)
        target = message.get("target", {})
        if message.get("executable") and target.get("name") == part.bench and "bench" in target.get("kind", []):
            executable = message["executable"]
    return executable if built.returncode == 0 else None


def run(command, limit, environment):
    """Its standard output, and why it did not end well, if so."""
    process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True,
                               start_new_session=True)
    try:
        output, _ = process.communicate(timeout=limit)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        output, _ = process.communicate()
        return output, f"Cut off after {limit} s: what follows is what was measured until then."
    if process.returncode:
        return output, f"Failed with exit code {process.returncode}."
    return output, None


def duration(nanoseconds):
    for unit, size in [("s", 1e9), ("ms", 1e6), ("µs", 1e3)]:
        if nanoseconds >= size:
            return f"{nanoseconds / size:.3g} {unit}"
    return f"{nanoseconds:.3g} ns"


def estimates(home, since):
    """A table of what criterion has written since then."""
    rows = []
    for path in sorted(home.glob("**/new/estimates.json")):
        if path.stat().st_mtime < since:
            continue
        about = json.loads((path.parent / "benchmark.json").read_text())
        median = json.loads(path.read_text())["median"]
        point, interval = median["point_estimate"], median["confidence_interval"]
        elements = (about.get("throughput") or {}).get("Elements")
        each = duration(point / elements) if elements else ""
        rows.append(f"| {about['title'] if 'title' in about else about['full_id']} | {duration(point)} "
                    f"| {duration(interval['lower_bound'])} – {duration(interval['upper_bound'])} | {each} |")
    if not rows:
        return None
    return "\n".join(["| benchmark | median | 95 % interval | per element |", "|---|---|---|---|", *rows])


def section(part, arguments, executable, limit, quick):
    target = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")).resolve()
    environment = dict(os.environ, CRITERION_HOME=str(target / "criterion"))
    command = [*([sys.executable] if part.script else []), executable, *arguments, *(["--bench", "--noplot"] if part.criterion else [])]
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else None
    started = time.time()
    output, trouble = run(command, limit, environment)
    took = time.time() - started
    body = output.rstrip() if part.script else f"```text\n{output.rstrip()}\n```"
    body = estimates(target / "criterion", started) if part.criterion else body
    shown = " ".join(["cargo bench", *(["--features approximate"] if part.bench == "index" else []),
                      f"--bench {part.bench}", *(["--", *arguments] if arguments else [])])
    shown = f"benches/{part.bench}.py" if part.script else shown
    lines = [part.about, "", f"{datetime.date.today()}, {machine()}. Load at the start: "
             f"{'unknown' if load is None else f'{load:.1f}'}. `{shown}`, {took:.0f} s."]
    if quick and part.quick:
        lines += ["", "A quick run, with smaller sizes than usual."]
    if trouble:
        lines += ["", f"**{trouble}**"]
    return "\n".join([*lines, "", body or "Nothing was measured."]), trouble


def kept(page):
    """The sections of an earlier page, by part."""
    text = page.read_text() if page.exists() else ""
    found = re.finditer(r"<!-- part: (\S+) -->\n## [^\n]*\n\n(.*?)\n<!-- end -->", text, re.DOTALL)
    return {match.group(1): match.group(2) for match in found}


HEAD = """# Benchmarks

`benches/report.py` writes this page. Each section names the machine and the command; `benches/report.py --only PART`
measures a section again. [benchmarks-gpu.md](benchmarks-gpu.md) has what is measured on a GPU.
"""


def write(page, sections):
    parts = [f"<!-- part: {part.name} -->\n## {part.title}\n\n{sections[part.name]}\n<!-- end -->"
             for part in PARTS if part.name in sections]
    page.write_text("\n".join([HEAD, "\n\n".join(parts)]) + "\n")


def main():
    arguments = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    names = [part.name for part in PARTS]
    arguments.add_argument("--only", action="append", choices=names, metavar="PART", help="run this part; may be repeated")
    arguments.add_argument("--quick", action="store_true", help="smaller sizes")
    arguments.add_argument("--limit", type=int, metavar="SECONDS", help="instead of the limit of each part")
    arguments.add_argument("--out", type=pathlib.Path, default=PAGE, help="the page; default docs/benchmarks.md")
    arguments.add_argument("--list", action="store_true", help="list the parts, and their limits in seconds")
    given = arguments.parse_args()
    if given.list:
        for part in PARTS:
            print(f"{part.name:10} {part.limit:5}  {part.title}{f' (needs {part.needs})' if part.needs else ''}")
        return 0
    sections, failed = kept(given.out), []
    for part in PARTS:
        if given.only and part.name not in given.only:
            continue
        if part.needs and not os.environ.get(part.needs):
            print(f"{part.name}: skipped, {part.needs} is not set", file=sys.stderr)
            continue
        print(f"{part.name}: building", file=sys.stderr)
        executable = str(ROOT / f"benches/{part.bench}.py") if part.script else build(part)
        if executable is None:
            print(f"{part.name}: cannot be built", file=sys.stderr)
            failed.append(part.name)
            continue
        limit = given.limit or part.limit
        print(f"{part.name}: running, at most {limit} s", file=sys.stderr)
        chosen = part.quick if given.quick and part.quick else part.arguments
        sections[part.name], trouble = section(part, chosen, executable, limit, given.quick)
        if trouble:
            print(f"{part.name}: {trouble}", file=sys.stderr)
            failed.append(part.name)
        # At once, so that an interrupted run keeps what it has.
        write(given.out, sections)
    print(f"written: {given.out}" + (f"; failed: {', '.join(failed)}" if failed else ""), file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
