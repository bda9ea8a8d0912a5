#!/usr/bin/env python3
"""What Python ImageHash finds on a near-duplicate corpus, for the comparison in the README.

usage: imagehash_recall.py CORPUS [--radius 7]      (pip install pillow pillow-heif imagehash)

CORPUS and CORPUS.truth.json are what `cargo bench --bench neardup` reads.
"""
import argparse, collections, json, pathlib
import imagehash, pillow_heif
from PIL import Image

pillow_heif.register_heif_opener()
arguments = argparse.ArgumentParser()
arguments.add_argument("corpus", type=pathlib.Path)
arguments.add_argument("--radius", type=int, default=7)
arguments = arguments.parse_args()
truth = json.loads(pathlib.Path(f"{arguments.corpus}.truth.json").read_text())
hashes = {}
for name in truth:
    with Image.open(arguments.corpus / name) as picture:
        hashes[name] = imagehash.phash(picture)
bases = {t["base"]: hashes[n] for n, t in truth.items() if t["kind"] in ("original", "distractor")}
found, total = collections.Counter(), collections.Counter()
for name, t in truth.items():
    if t["kind"] not in ("original", "distractor"):
        total[t["kind"], t["how"]] += 1
        found[t["kind"], t["how"]] += hashes[name] - bases[t["base"]] <= arguments.radius
for key in sorted(total):
    print(f"{key[0]:<9} {key[1]:<12} {found[key] / total[key]:.3f}")
pairs = list(bases.values())
near = sum(a - b <= arguments.radius for i, a in enumerate(pairs) for b in pairs[i + 1:])
print(near, "pairs of different pictures within", arguments.radius)
