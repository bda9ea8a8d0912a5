"""`score`: what a report made of a corpus: recall by edit, and different films that it put together.

A film is found when it lies in a group with its original, as the keeper or as a duplicate that is more than
alike. A false pair is a member and its keeper that show different films. Pairs that are only shown (`alike`, `burst`)
are counted apart: nothing is done about them.
"""

import argparse
import collections
import json
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

SHOWN_ONLY = ("alike", "burst")


@dataclass(frozen=True)
class Pair:
    """Two files that a program puts together, as it calls their relation."""

    one: str
    other: str
    relation: str

    @property
    def is_shown_only(self) -> bool:
        return self.relation in SHOWN_ONLY


def pairs_of_report(report: dict) -> list[Pair]:
    """The pairs of keeper and duplicate in what `dedupe --format json` prints (docs/formats.md)."""
    if report.get("version") != 1 or "groups" not in report:
        raise SystemExit("not a report of `dedupe --format json`, version 1")
    return [
        Pair(group["keeper"]["path"], duplicate["path"], duplicate["relation"])
        for group in report["groups"]
        for duplicate in group["duplicates"]
    ]


def unread_of_report(report: dict) -> list[tuple[str, str]]:
    """Path and reason of the films that were not looked at: skipped, or compared by their bytes alone."""
    left = [*report.get("skipped", []), *report.get("films_by_bytes", [])]
    return [(entry["path"], entry["reason"]) for entry in left]


def pairs_of_lines(lines: Iterable[str]) -> list[Pair]:
    """Two paths a line, with a tab between them."""
    split = (line.rstrip("\n").split("\t") for line in lines if line.strip())
    return [Pair(words[0], words[1], "copy") for words in split]


@dataclass
class Score:
    found: dict[str, list[int]]
    levels: dict[str, str]
    false: list[Pair]
    false_shown: list[Pair]
    strangers: int
    related: int
    missed: list[str]
    different: int

    def recall(self, edits: Iterable[str]) -> float | None:
        counted = [self.found[edit] for edit in edits if edit in self.found]
        total = sum(of for _, of in counted)
        return sum(hits for hits, _ in counted) / total if total else None


class Truths:
    """The truth of one or several corpora, by resolved path."""

    def __init__(self, paths: list[Path]) -> None:
        self.by_path: dict[str, dict[str, str]] = {}
        for path in paths:
            file = path / "truth.json" if path.is_dir() else path
            told = json.loads(file.read_text())
            for name, entry in told["files"].items():
                where = str((file.parent / name).resolve())
                self.by_path[where] = {**entry, "original": f"{file.parent.resolve()}#{entry['original']}"}

    def of(self, path: str) -> dict[str, str] | None:
        return self.by_path.get(path) or self.by_path.get(str(Path(path).resolve()))


def share_scenes(one: dict[str, str], other: dict[str, str]) -> bool:
    """Whether two originals are pieces of one clip that overlap, as the pieces of two corpora may."""
    if one["original"] == other["original"] or not (one.get("piece") and other.get("piece")):
        return False
    (clip, begin, end), (other_clip, other_begin, other_end) = (its["piece"].rsplit(" ", 2) for its in (one, other))
    return clip == other_clip and float(begin) < float(other_end) and float(other_begin) < float(end)


def judge(truths: Truths, pairs: list[Pair]) -> Score:
    score = Score({}, {}, [], [], 0, 0, [], 0)
    together = Sets()
    for pair in pairs:
        one, other = truths.of(pair.one), truths.of(pair.other)
        if one is None or other is None:
            score.strangers += 1
        elif share_scenes(one, other):
            score.related += 1
        elif one["original"] != other["original"] or "never" in (one["class"], other["class"]):
            (score.false_shown if pair.is_shown_only else score.false).append(pair)
        elif not pair.is_shown_only:
            together.join(str(Path(pair.one).resolve()), str(Path(pair.other).resolve()))
    originals = {entry["original"]: path for path, entry in truths.by_path.items() if entry["edit"] == "original"}
    for path, entry in sorted(truths.by_path.items()):
        if entry["class"] in ("original", "never"):
            continue
        edit = entry["edit"]
        counted = score.found.setdefault(edit, [0, 0])
        score.levels[edit] = entry["class"]
        hit = together.same(path, originals.get(entry["original"], ""))
        counted[0] += hit
        counted[1] += 1
        if not hit:
            score.missed.append(path)
    counts = collections.Counter(entry["original"] for entry in truths.by_path.values())
    files = sum(counts.values())
    score.different = files * (files - 1) // 2 - sum(count * (count - 1) // 2 for count in counts.values())
    return score


class Sets:
    """Disjoint sets of paths."""

    def __init__(self) -> None:
        self.parents: dict[str, str] = {}

    def root(self, path: str) -> str:
        while self.parents.setdefault(path, path) != path:
            path = self.parents[path]
        return path

    def join(self, one: str, other: str) -> None:
        self.parents[self.root(one)] = self.root(other)

    def same(self, one: str, other: str) -> bool:
        return self.root(one) == self.root(other)


def show(score: Score, truths: Truths, deep: bool, named: bool) -> None:
    print("| edit | class | found | of | recall |\n|---|---|---|---|---|")
    order = {"standard": 0, "deep": 1}
    for edit in sorted(score.found, key=lambda edit: (order.get(score.levels[edit], 2), edit)):
        hits, of = score.found[edit]
        print(f"| {edit} | {score.levels[edit]} | {hits} | {of} | {hits / of:.2f} |")
    for level in ("standard", "deep"):
        total = score.recall(edit for edit, its in score.levels.items() if its == level)
        if total is not None:
            note = "" if level == "standard" or deep else " (a normal search need not find these)"
            print(f"{level}: {total:.3f}{note}")
    print(f"false pairs: {len(score.false)} of {score.different:,} pairs of different films")
    print(f"false pairs that are only shown: {len(score.false_shown)}")
    for pair in [*score.false, *score.false_shown]:
        one, other = truths.of(pair.one), truths.of(pair.other)
        assert one and other
        alike = f", both {one['alike']}" if one.get("alike") and one.get("alike") == other.get("alike") else ""
        print(f"  {pair.relation}: {pair.one} = {pair.other} ({one['edit']}, {other['edit']}{alike})")
    if score.related:
        print(f"{score.related} pairs of films that share scenes, counted neither way")
    if score.strangers:
        print(f"{score.strangers} pairs with files that the truth does not know")
    if named:
        print(*(f"  missed: {path}" for path in score.missed), sep="\n")


def show_unread(unread: list[tuple[str, str]], truths: Truths) -> None:
    known = [(entry["edit"], reason) for path, reason in unread if (entry := truths.of(path))]
    for (edit, reason), count in sorted(collections.Counter(known).items()):
        print(f"not looked at: {count} of {edit}: {reason}")


def failures(score: Score, at_least: dict[str, float], strict: bool) -> list[str]:
    said = []
    for what, least in at_least.items():
        of_level = [edit for edit, level in score.levels.items() if level == what]
        recall = score.recall(of_level or [what])
        if recall is None:
            said.append(f"{what}: no such edit or class in the truth")
        elif recall < least:
            said.append(f"{what}: recall {recall:.3f} is below {least}")
    if score.false or (strict and score.false_shown):
        said.append("different films were put together")
    return said


def bound(text: str) -> tuple[str, float]:
    what, _, least = text.rpartition("=")
    return what or "standard", float(least)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("truth", type=Path, nargs="+", help="truth.json, or the folder that holds it; may be several")
    parser.add_argument("report", help="what `dedupe --format json` printed; - for standard input")
    parser.add_argument("--pairs", action="store_true", help="the report is lines of two paths with a tab between")
    parser.add_argument("--deep", action="store_true", help="the search was a deep one")
    parser.add_argument("--at-least", type=bound, action="append", default=[], metavar="[EDIT|CLASS=]RECALL",
                        help="exit with 1 below this recall; for standard where none is named; may be repeated")  # fmt: skip
    parser.add_argument("--strict", action="store_true", help="count false pairs that are only shown as well")
    parser.add_argument("--missed", action="store_true", help="name the films that were not found")


def score(truth: list[Path], report: str, pairs: bool, deep: bool, at_least: list[tuple[str, float]], strict: bool,
          missed: bool) -> int:  # fmt: skip
    text = sys.stdin.read() if report == "-" else Path(report).read_text()
    printed = {} if pairs else json.loads(text)
    said = pairs_of_lines(text.splitlines()) if pairs else pairs_of_report(printed)
    truths = Truths(truth)
    result = judge(truths, said)
    show(result, truths, deep, missed)
    show_unread(unread_of_report(printed), truths)
    wrong = failures(result, dict(at_least), strict)
    print(*wrong, sep="\n", end="\n" if wrong else "")
    return 1 if wrong else 0
