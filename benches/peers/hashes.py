#!/usr/bin/env python3
"""ImageHash's `phash` and PDQ on what `cargo bench --bench neardup` measures.

usage: hashes.py CORPUS [LOOKALIKES]        (pip install imagehash pdqhash pillow pillow-heif numpy)

CORPUS is a folder of edited copies with `CORPUS.truth.json` beside it; LOOKALIKES holds folders of
different pictures that look alike. Printed are, at the distances that their authors recommend
(phash within 7 of 64 bits, PDQ within 31 of 256 at a quality of 50 and more), the share of copies
near their original, and how many look-alikes are near another one of their set.
"""
import collections
import json
import pathlib
import sys

import imagehash
import numpy
import pdqhash
from PIL import Image, ImageOps
from pillow_heif import register_heif_opener

register_heif_opener()
PHASH, PDQ, QUALITY = 7, 31, 50


def hashes(path):
    """The phash as 64 bits, PDQ as 256, and PDQ's quality; None for a file that Pillow cannot read."""
    try:
        picture = ImageOps.exif_transpose(Image.open(path))
        coarse = imagehash.phash(picture).hash.flatten()
        fine, quality = pdqhash.compute(numpy.asarray(picture.convert("RGB")))
    except Exception as error:  # whatever a decoder says: the file counts as not found
        print(f"{path}: {error}", file=sys.stderr)
        return None
    return coarse, numpy.asarray(fine, bool), quality


def near(one, other):
    """Whether phash and whether PDQ call them the same picture."""
    coarse = numpy.count_nonzero(one[0] != other[0]) <= PHASH
    fine = numpy.count_nonzero(one[1] != other[1]) <= PDQ
    return coarse, fine and min(one[2], other[2]) >= QUALITY


def recall(corpus):
    truth = json.loads(pathlib.Path(f"{corpus}.truth.json").read_text())
    known = {name: hashes(corpus / name) for name in sorted(truth)}
    originals = {told["base"]: known[name] for name, told in truth.items() if told["kind"] == "original"}
    edits = collections.defaultdict(list)
    for name, told in truth.items():
        if told["kind"] in ("original", "distractor"):
            continue
        original, copy = originals[told["base"]], known[name]
        edits[told["kind"], told["how"]].append(near(original, copy) if copy else (False, False))
    print(f"{'kind':<9} {'how':<13} {'n':>3} {'phash':>6} {'PDQ':>6}")
    for (kind, how), found in sorted(edits.items()):
        coarse, fine = (sum(column) / len(found) for column in zip(*found))
        print(f"{kind:<9} {how:<13} {len(found):>3} {coarse:>6.3f} {fine:>6.3f}")


def look_alikes(folder):
    print(f"\n{'look-alikes':<16} {'pictures':>8} {'phash':>6} {'PDQ':>6}")
    for part in sorted(path for path in folder.iterdir() if path.is_dir()):
        known = [found for path in sorted(part.iterdir()) if (found := hashes(path))]
        mistaken = [
            [any(near(one, other)[way] for other in known if other is not one) for one in known]
            for way in (0, 1)
        ]
        print(f"{part.name:<16} {len(known):>8} {sum(mistaken[0]):>6} {sum(mistaken[1]):>6}")


recall(pathlib.Path(sys.argv[1]))
if len(sys.argv) > 2:
    look_alikes(pathlib.Path(sys.argv[2]))
