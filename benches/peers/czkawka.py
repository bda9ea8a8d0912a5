#!/usr/bin/env python3
"""Clean-Backup beside czkawka's command line: what a run costs, and what it finds.

usage: czkawka.py cost  CLEAN_BACKUP CZKAWKA FOLDER [ROUNDS]
       czkawka.py finds CLEAN_BACKUP CZKAWKA CORPUS TRUTH.json

CLEAN_BACKUP and CZKAWKA are the programs (`cargo install czkawka_cli`). `cost` runs both in turn,
each with an empty cache and then once more, and prints medians of CPU seconds (user and system, all
threads), wall seconds and peak memory. `finds` needs a corpus whose truth tells, for each file, its
`base` and `how` (what was done to it), and prints the share of copies that stand in a group with
another file of their base, and the groups that hold two different pictures. Linux only.
"""
import collections, json, os, pathlib, statistics, sys, tempfile, time

def run(words, home):
    """CPU seconds, wall seconds, peak memory in MiB."""
    start = time.monotonic()
    child = os.fork()
    if child == 0:
        null = os.open(os.devnull, os.O_RDWR)
        for stream in (0, 1, 2):
            os.dup2(null, stream)
        os.execve(words[0], words, {"HOME": home, "PATH": os.environ["PATH"]})
    _, status, used = os.wait4(child, 0)
    if os.waitstatus_to_exitcode(status) not in (0, 1, 11):
        sys.exit(f"{words[0]} ended with {os.waitstatus_to_exitcode(status)}")
    return used.ru_utime + used.ru_stime, time.monotonic() - start, used.ru_maxrss / 1024

def ours(program, folder, output, *more):
    return [program, "dedupe", str(folder), "--format", "json", "-o", output, "--yes", *more]

def theirs(program, folder, output, *more):
    return [program, "image", "-d", str(folder), "-m", "1", "-C", output, "-N", "-W", *more]

def cost(own, other, folder, rounds):
    found = collections.defaultdict(list)
    for _ in range(rounds):
        for name, words in (("Clean-Backup", ours(own, folder, "OUT")), ("czkawka", theirs(other, folder, "OUT"))):
            with tempfile.TemporaryDirectory() as home:
                words = [word.replace("OUT", f"{home}/out.json") for word in words]
                found[name, "empty cache"].append(run(words, home))
                found[name, "again"].append(run(words, home))
    for (name, state), runs in found.items():
        cpu, wall, memory = (statistics.median(column) for column in zip(*runs))
        print(f"{name:14}{state:14}{cpu:9.2f} CPU-s {wall:8.2f} s {memory:7.0f} MiB")

def groups_of(report, program):
    report = json.loads(pathlib.Path(report).read_text())
    if program == "czkawka":
        groups = report if isinstance(report, list) else report.values()
        flat = lambda group: [entry for part in group for entry in (part if isinstance(part, list) else [part])]
        return [[entry["path"] for entry in flat(group)] for group in groups]
    return [[group["keeper"]["path"], *(d["path"] for d in group["duplicates"])] for group in report["groups"]]

def finds(own, other, corpus, truth):
    truth = json.loads(pathlib.Path(truth).read_text())
    ways = [
        ("Clean-Backup standard", ours(own, corpus, "OUT")),
        ("Clean-Backup aggressive", ours(own, corpus, "OUT", "--sensitivity", "aggressive")),
        ("czkawka 5 (default)", theirs(other, corpus, "OUT")),
        ("czkawka 20", theirs(other, corpus, "OUT", "-s", "20")),
        ("czkawka 20 Lanczos3", theirs(other, corpus, "OUT", "-s", "20", "-z", "Lanczos3")),
        ("czkawka 40 Lanczos3", theirs(other, corpus, "OUT", "-s", "40", "-z", "Lanczos3")),
        ("czkawka 8x8, 10, Lanczos3", theirs(other, corpus, "OUT", "-c", "8", "-s", "10", "-z", "Lanczos3")),
    ]
    shares, mixed = collections.defaultdict(dict), {}
    for name, words in ways:
        with tempfile.TemporaryDirectory() as home:
            run([word.replace("OUT", f"{home}/out.json") for word in words], home)
            groups = groups_of(f"{home}/out.json", name.split()[0])
        found, mixed[name] = set(), 0
        for group in groups:
            names = [pathlib.Path(path).name for path in group]
            bases = collections.Counter(truth[file]["base"] for file in names)
            found.update(file for file in names if bases[truth[file]["base"]] > 1)
            mixed[name] += len(bases) > 1
        total, hit = collections.Counter(), collections.Counter()
        for file, entry in truth.items():
            if entry["how"] not in ("original", "distractor"):
                total[entry["how"]] += 1
                hit[entry["how"]] += file in found
        for how in total:
            shares[how][name] = hit[how] / total[how]
    names = [name for name, _ in ways]
    print(" " * 16 + "".join(f"{name:>27}" for name in names))
    for how, row in shares.items():
        print(f"{how:16}" + "".join(f"{row[name]:27.2f}" for name in names))
    print(f"{'mixed groups':16}" + "".join(f"{mixed[name]:27}" for name in names))

match sys.argv[1:]:
    case ["cost", own, other, folder]:
        cost(own, other, pathlib.Path(folder).resolve(), 3)
    case ["cost", own, other, folder, rounds]:
        cost(own, other, pathlib.Path(folder).resolve(), int(rounds))
    case ["finds", own, other, corpus, truth]:
        finds(own, other, pathlib.Path(corpus).resolve(), truth)
    case _:
        sys.exit(__doc__)
