"""`peers`: what other programs' ways cost and find, done by ffmpeg alone; none of those programs is run.

`thumbnails`  as Video Duplicate Finder does: single grey frames of 16×16 at fixed fractions of the length, compared by
              their mean difference where the lengths are near. Prints the pairs for `score --pairs`.
`stretches`   as czkawka's video search reads a film: five stretches of six seconds through ffmpeg, made small and grey.
              Only the cost of reading: its hash and its comparison are not done here.

With czkawka_cli at hand, `/usr/bin/time czkawka_cli video -d FOLDER` measures the program itself.
"""

import argparse
import itertools
import resource
import subprocess
import sys
from pathlib import Path

import numpy
from ffmpeg import SUFFIXES, FfmpegFailed, probe

SIDE = 16
# Of Video Duplicate Finder's settings: lengths within 20 %, pictures alike to 96 %.
LENGTH_TOLERANCE, LIKENESS = 0.2, 0.96


def grey(path: Path, start: float, more: list[str]) -> bytes:
    """Small grey frames from `start` on."""
    words = ["ffmpeg", "-loglevel", "error", "-nostdin", "-threads", "1", "-ss", f"{start:.3f}", "-i", str(path), *more,
             "-an", "-vf", f"scale={SIDE}:{SIDE}", "-pix_fmt", "gray", "-f", "rawvideo", "-"]  # fmt: skip
    return subprocess.run(words, capture_output=True, check=False).stdout


def thumbnails(path: Path, seconds: float, count: int) -> numpy.ndarray | None:
    starts = (seconds * (number + 1) / (count + 1) for number in range(count))
    frames = [grey(path, start, ["-frames:v", "1"]) for start in starts]
    if any(len(frame) != SIDE * SIDE for frame in frames):
        return None
    return numpy.frombuffer(b"".join(frames), dtype=numpy.uint8).astype(float)


def stretches(path: Path, seconds: float) -> None:
    for number in range(5):
        grey(path, max(0, (seconds - 6) * number / 4), ["-t", "6"])


def films_under(folder: Path) -> list[Path]:
    inside = (path for path in sorted(folder.rglob("*")) if path.suffix in SUFFIXES)
    return [path for path in inside if not any(part.startswith(".") for part in path.relative_to(folder).parts)]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("way", choices=("thumbnails", "stretches"))
    parser.add_argument("folder", type=Path)
    parser.add_argument("--count", type=int, default=3, help="thumbnails of a film")
    parser.add_argument("--most", type=int, default=10**9, help="films to read at most")


def peers(way: str, folder: Path, count: int, most: int) -> int:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    seen: list[tuple[Path, float, numpy.ndarray]] = []
    read, unread = 0.0, 0
    films = films_under(folder)[:most]
    for path in films:
        try:
            seconds = probe(path).seconds
        except FfmpegFailed as failed:
            unread += 1
            print(failed, file=sys.stderr)
            continue
        read += seconds
        if way == "stretches":
            stretches(path, seconds)
        elif (small := thumbnails(path, seconds, count)) is not None:
            seen.append((path, seconds, small))
        else:
            unread += 1
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    for (one, long, first), (other, longer, second) in itertools.combinations(seen, 2):
        near = abs(long - longer) <= LENGTH_TOLERANCE * max(long, longer)
        if near and 1 - abs(first - second).mean() / 255 >= LIKENESS:
            print(one, other, sep="\t")
    each = spent / max(1, len(films))
    print(
        f"{way}: {len(films)} films, {read:.0f} s long, {unread} unread: {spent:.1f} CPU-s, {each:.2f} a film",
        file=sys.stderr,
    )
    return 0
