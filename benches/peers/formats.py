#!/usr/bin/env python3
"""What decoding a picture costs, format by format: Clean-Backup beside vipsthumbnail and the format's own library.

usage: formats.py CLEAN_BACKUP FOLDER [ROUNDS]
       (Debian: libvips-tools webp libtiff-tools libpng-tools libjpeg-turbo-progs libheif-examples libavif-bin; pip install pillow)

FOLDER holds JPEG photographs, best of 8 to 48 megapixels; up to three of them are converted to each format, in a
temporary folder, by the tools at hand. Clean-Backup scans each file with an empty cache; from its time that of a scan
of a picture of one pixel is taken off, so that the start of the program does not count. Printed are medians of CPU
milliseconds (user and system, all threads) a megapixel, and the peak of memory in MiB. Tools that are missing are
named. Linux only.
"""
import multiprocessing
import os
import pathlib
import shutil
import statistics
import sys
import tempfile

SMALLEST, WANTED = 2_000_000, 3

# Name and ending; how it is made of a PNG; what its own library decodes it with.
FORMATS = [
    ("JPEG", "jpg", ["vips", "jpegsave", "IN", "OUT", "--Q", "90"], ["djpeg", "-grayscale", "-outfile", "/dev/null", "IN"]),
    ("PNG", "png", ["cp", "IN", "OUT"], ["pngfix", "-q", "IN"]),
    ("WebP, quality 75", "webp", ["cwebp", "-quiet", "-q", "75", "IN", "-o", "OUT"],
     ["dwebp", "-quiet", "IN", "-yuv", "-o", "/dev/null"]),
    ("WebP, quality 90", "webp", ["cwebp", "-quiet", "-q", "90", "IN", "-o", "OUT"],
     ["dwebp", "-quiet", "IN", "-yuv", "-o", "/dev/null"]),
    ("WebP, lossless", "webp", ["cwebp", "-quiet", "-lossless", "-z", "3", "IN", "-o", "OUT"],
     ["dwebp", "-quiet", "IN", "-ppm", "-o", "/dev/null"]),
    ("TIFF, LZW", "tif", "tiff_lzw", ["tiffcp", "-c", "none", "IN", "TMP/out.tif"]),
    ("TIFF, deflate", "tif", "tiff_adobe_deflate", ["tiffcp", "-c", "none", "IN", "TMP/out.tif"]),
    ("TIFF, plain", "tif", "raw", ["tiffcp", "-c", "none", "IN", "TMP/out.tif"]),
    ("TIFF, JPEG", "tif", "jpeg", ["tiffcp", "-c", "none", "IN", "TMP/out.tif"]),
    ("HEIC", "heic", ["heif-enc", "-q", "60", "IN", "-o", "OUT"], ["heif-convert", "IN", "TMP/out.y4m"]),
    ("AVIF", "avif", ["avifenc", "-s", "8", "-j", "1", "IN", "OUT"], ["avifdec", "-j", "1", "IN", "TMP/out.y4m"]),
]


def run(words, home):
    """CPU seconds and peak memory in MiB; None when the program fails."""
    child = os.fork()
    if child == 0:
        null = os.open(os.devnull, os.O_RDWR)
        for stream in (0, 1, 2):
            os.dup2(null, stream)
        os.execvpe(words[0], words, {"HOME": home, "PATH": os.environ["PATH"]})
    _, status, used = os.wait4(child, 0)
    if os.waitstatus_to_exitcode(status) != 0:
        return None
    return used.ru_utime + used.ru_stime, used.ru_maxrss / 1024


def filled(words, source, target, folder):
    return [word.replace("IN", str(source)).replace("OUT", str(target)).replace("TMP", str(folder)) for word in words]


# What needs Pillow runs in a process of its own: this one stays small, as its memory counts for each child before it
# becomes another program.

def photographs(folder):
    """The largest JPEG of a folder."""
    from PIL import Image
    found = []
    for path in sorted(pathlib.Path(folder).rglob("*")):
        if path.suffix.lower() in (".jpg", ".jpeg"):
            try:
                with Image.open(path) as picture:
                    picture.load()
                    found.append((picture.width * picture.height, path))
            except Exception:  # damaged: not for this
                continue
    found.sort(reverse=True)
    return [path for pixels, path in found if pixels >= SMALLEST][:WANTED]


def save_tiff(source, target, compression):
    from PIL import Image
    # 317 is the predictor: differences.
    how = {"raw": {}, "jpeg": {"quality": 90}}.get(compression, {"tiffinfo": {317: 2}})
    Image.open(source).save(target, compression=compression, **how)


def save_png(source, target):
    """Gives the pixels of the picture; without a source it has one."""
    from PIL import Image
    picture = Image.open(source).convert("RGB") if source else Image.new("L", (1, 1))
    picture.save(target, compress_level=6)
    return picture.width * picture.height


def apart(call, *words):
    with multiprocessing.get_context("fork").Pool(1) as pool:
        return pool.apply(call, words)


def made(how, source, target, folder):
    if isinstance(how, str):
        apart(save_tiff, source, target, how)
        return True
    return run(filled(how, source, target, folder), str(folder)) is not None


def median(words, rounds, home):
    found = []
    for _ in range(rounds):
        shutil.rmtree(home, ignore_errors=True)
        os.makedirs(home)
        found.append(run(words, str(home)))
    if None in found:
        return None
    return statistics.median(cpu for cpu, _ in found), max(memory for _, memory in found)


def main():
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    own, folder, rounds = os.path.abspath(sys.argv[1]), sys.argv[2], int((sys.argv[3:] or ["5"])[0])
    tools = {words[0] for _, _, how, other in FORMATS for words in (how, other) if isinstance(words, list)}
    missing = sorted(tool for tool in tools | {"vipsthumbnail"} if not shutil.which(tool))
    if missing:
        print("missing:", " ".join(missing))
    sources = apart(photographs, folder)
    if not sources:
        sys.exit(f"no JPEG of {SMALLEST} pixels or more in {folder}")
    with tempfile.TemporaryDirectory() as work:
        work = pathlib.Path(work)
        home = work / "home"
        tiny = work / "tiny.png"
        apart(save_png, None, tiny)
        start = median([own, "scan", str(tiny)], rounds, home)
        if start is None:
            sys.exit(f"{own} cannot scan a picture")
        pixels, plain = 0, []
        for number, source in enumerate(sources):
            plain.append(work / f"{number}.png")
            pixels += apart(save_png, source, plain[-1])
        print(f"{len(sources)} pictures, {pixels / 1e6:.1f} megapixels; CPU ms a megapixel, peak MiB")
        print(f"{'':18}{'Clean-Backup':>16}{'vipsthumbnail':>16}{'own library':>16}")
        for name, ending, how, other in FORMATS:
            if missing and (isinstance(how, list) and how[0] in missing):
                print(f"{name:18}  not made: {how[0]} is missing")
                continue
            sums = [(0.0, 0.0)] * 3
            for number, source in enumerate(plain):
                target = work / f"picture-{number}.{ending}"
                if not made(how, source, target, work):
                    sums = [None] * 3
                    break
                thumbnail = ["vipsthumbnail", str(target), "-s", "64", "-o", str(work / "small.png")]
                for at, words in enumerate(([own, "scan", str(target)], thumbnail, filled(other, target, "", work))):
                    cost = None if words[0] in missing else median(words, rounds, home)
                    if cost is None or sums[at] is None:
                        sums[at] = None
                        continue
                    cpu = cost[0] - (start[0] if at == 0 else 0)
                    sums[at] = (sums[at][0] + cpu, max(sums[at][1], cost[1]))
                target.unlink()
            cells = ["-" if cell is None else f"{cell[0] * 1e9 / pixels:.2f} {cell[1]:5.0f}" for cell in sums]
            print(f"{name:18}" + "".join(f"{cell:>16}" for cell in cells), flush=True)


main()
