#!/usr/bin/env python3
"""Make JPEGs as cameras write them, 8 to 16 megapixels, for `cargo bench --bench whole_run`.

usage: make_camera_jpegs.py OUT FOLDER... [--count N]      (pip install pillow pillow-heif)

Real pictures of 8.4 megapixels and more are taken from the folders, cropped by a few pixels so that
the files differ, and saved at full size: qualities 85-95, chroma 4:2:0 mostly, every sixth
progressive, EXIF kept. The same seed gives the same files.
"""
import argparse, pathlib, random
from PIL import Image
import pillow_heif

pillow_heif.register_heif_opener()
arguments = argparse.ArgumentParser()
arguments.add_argument("out", type=pathlib.Path)
arguments.add_argument("folders", nargs="+", type=pathlib.Path)
arguments.add_argument("--count", type=int, default=200)
arguments = arguments.parse_args()

sources = []
for folder in arguments.folders:
    for path in sorted(folder.rglob("*")):
        try:
            with Image.open(path) as picture:
                picture.load()
                if 8.4e6 <= picture.width * picture.height <= 16e6:
                    sources.append(path)
        except Exception:
            continue                            # no picture, or a damaged one
print(len(sources), "sources")
arguments.out.mkdir(parents=True, exist_ok=True)
rng = random.Random(5)
each = -(-arguments.count // len(sources))
number = 0
for path in sources:
    with Image.open(path) as opened:
        exif, picture = opened.info.get("exif", b""), opened.convert("RGB")
    for _ in range(min(each, arguments.count - number)):
        left, top, right, bottom = (rng.randrange(20) for _ in range(4))
        cut = picture.crop((left, top, picture.width - right, picture.height - bottom))
        assert cut.width * cut.height >= 8e6
        how = {"quality": rng.choice((85, 88, 90, 93, 95)), "subsampling": rng.choice((2, 2, 2, 1, 0))}
        if number % 6 == 5:
            how["progressive"] = True
        if exif.startswith(b"Exif") and len(exif) < 65_000:
            how["exif"] = exif
        cut.save(arguments.out / f"{number:03}.jpg", **how)
        number += 1
print(number, "files")
