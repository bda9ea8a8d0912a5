#!/usr/bin/env python3
"""Which file is kept: originals beside copies that were made from them in known ways.

usage: keepers.py [SAMPLES] [--out DIR] [--program FILE] [--only VARIANT]... [--list]
       (pip install pillow pillow-heif numpy; apt install imagemagick ffmpeg libimage-exiftool-perl)

SAMPLES (default: $CLEAN_BACKUP_KEEPERS) holds `photos/` and `heif/` with files as cameras wrote them, and `distinct/` with photographs.
From each source every variant is made once, in a folder of its own, as an original and a copy; what lies
there already is used again. The program then looks through each variant, so that no two copies of one
source meet, and the table counts what it kept:

right      the original is kept
unsure     the report says that it is not sure; nothing would be done
wrong      the copy is kept, and the original would be acted on
not found  the two are in no group, or are shown as alike or as a burst
"""
import argparse, collections, io, json, os, pathlib, random, shutil, subprocess, sys, tempfile
import numpy
import pillow_heif
from PIL import Image, ImageDraw, ImageEnhance, ImageFilter, ImageOps

pillow_heif.register_heif_opener()
Image.MAX_IMAGE_PIXELS = None
LANCZOS, BICUBIC, BILINEAR = Image.Resampling.LANCZOS, Image.Resampling.BICUBIC, Image.Resampling.BILINEAR

ROOT = pathlib.Path(__file__).resolve().parent.parent
arguments = argparse.ArgumentParser()
arguments.add_argument("samples", type=pathlib.Path, nargs="?", default=os.environ.get("CLEAN_BACKUP_KEEPERS"))
arguments.add_argument("--out", type=pathlib.Path, default=ROOT / "target/keepers", help="keeps the pairs between runs")
arguments.add_argument("--program", type=pathlib.Path, default=ROOT / "target/release/clean-backup")
arguments.add_argument("--only", action="append", default=[], help="this variant; may be repeated")
arguments.add_argument("--list", action="store_true", help="name every pair that does not come out right")
arguments = arguments.parse_args()

CAMERA_JPEGS = """exif-org/fujifilm-dx10 exif-org/sanyo-vpcsx550 exif-org/canon-ixus exif-org/fujifilm-mx1700
exif-org/sanyo-vpcg250 hdr/iphone_hdr_NO hdr/canon_hdr_NO mobile/HMD_Nokia_8.3_5G mobile/jolla
tests/42_IndexError tests/22-canon_tags tests/36-memory_error tests/35-empty""".split()
# Cut to 640×480 and written anew by the camera maker's transfer program.
TRANSFERRED = [f"gps/DSCN{n:04}" for n in (10, 12, 21, 25, 27, 29, 38, 40, 42)]
CAMERA_HEICS = ["iphone_13_pro_max.HEIC", "IMG_5195.HEIC", "arrow.heic", "pug.heic"]
# A camera's own table, finer in the middle than the standard one.
OWN_LUMA = [4, 3, 3, 4, 5, 9, 11, 13, 3, 3, 3, 4, 6, 12, 13, 12, 3, 3, 4, 5, 9, 12, 15, 12, 3, 4, 5, 6, 11, 19, 17, 13,
            4, 5, 8, 12, 15, 23, 22, 17, 5, 8, 12, 14, 18, 22, 24, 20, 11, 14, 17, 19, 22, 26, 26, 22, 15, 20, 21, 21, 24, 21, 22, 21]
OWN_CHROMA = [4, 4, 5, 10, 21, 21, 21, 21, 4, 5, 6, 14, 21, 21, 21, 21, 5, 6, 12, 21, 21, 21, 21, 21, 10, 14] + [21] * 38


def written(tags):
    # Pillow calls the maker's note a BYTE; it is UNDEFINED (Exif 3.0, 4.6.6.5.1).
    return tags.tobytes().replace(b"\x92\x7c\x00\x01", b"\x92\x7c\x00\x07")


def exif_of_a_camera(number, size):
    tags = Image.Exif()
    tags[0x010F], tags[0x0110] = "NIKON CORPORATION", "NIKON D70s"
    ifd = tags.get_ifd(0x8769)
    ifd[0x9003] = f"2021:{number // 28 % 12 + 1:02}:{number % 28 + 1:02} 12:34:56"
    ifd[0x829A], ifd[0x8827] = 0.004, 200
    ifd[0xA002], ifd[0xA003] = size
    # A little-endian TIFF without entries, as Nikon's third kind of maker's note begins.
    ifd[0x927C] = b"Nikon\0\x02\x10\0\0II*\0\x08\0\0\0\0\0\0\0\0\0"
    return written(tags)


def scene(seed):
    """1600×1200: shapes under a texture whose energy falls with its frequency, and a sensor's noise."""
    rng, noise = random.Random(seed), numpy.random.default_rng(seed)
    picture = Image.new("RGB", (1600, 1200), tuple(rng.randrange(60, 200) for _ in range(3)))
    draw = ImageDraw.Draw(picture)
    for _ in range(40):
        x, y, r = rng.randrange(1600), rng.randrange(1200), rng.randrange(20, 300)
        box = (x - r, y - r * rng.uniform(.3, 1), x + r, y + r * rng.uniform(.3, 1))
        rng.choice((draw.ellipse, draw.rectangle))(box, fill=tuple(rng.randrange(256) for _ in range(3)))
    fy, fx = numpy.fft.fftfreq(1200)[:, None], numpy.fft.rfftfreq(1600)[None, :]
    spectrum = noise.normal(size=(1200, 801)) + 1j * noise.normal(size=(1200, 801))
    texture = numpy.fft.irfft2(spectrum / (numpy.hypot(fy, fx) + 2e-3), s=(1200, 1600))
    pixels = numpy.asarray(picture.filter(ImageFilter.GaussianBlur(.7)), dtype=float)
    pixels += (texture / texture.std() * 14)[:, :, None] + noise.normal(scale=2.5, size=(1200, 1600, 3))
    return Image.fromarray(pixels.clip(0, 255).astype(numpy.uint8))


class Source:
    """An original as it was found or made: its bytes, suffix and picture."""

    def __init__(self, name, data, suffix):
        self.name, self.data, self.suffix = name, data, suffix
        with Image.open(io.BytesIO(data)) as opened:
            self.exif = opened.info.get("exif", b"")
            # As it is shown; a HEIC is turned by its decoder.
            self.picture = ImageOps.exif_transpose(opened).convert("RGB")
            self.tables = getattr(opened, "quantization", None)
            self.turned = opened.getexif().get(0x0112, 1) != 1
        if self.exif and self.turned:
            tags = Image.Exif()
            tags.load(self.exif)
            tags[0x0112] = 1
            self.exif = written(tags)
        self.is_large = self.picture.width * self.picture.height > 3.2e6


def jpeg(picture, quality, exif=b"", **how):
    out = io.BytesIO()
    if exif:
        how["exif"] = exif
    picture.save(out, "JPEG", quality=quality, **how)
    return out.getvalue()


def saved(picture, form, **how):
    out = io.BytesIO()
    picture.save(out, form, **{name: value for name, value in how.items() if value != b""})
    return out.getvalue()


def tool(data, suffix, to, *command):
    """What a program makes of a file: IN and OUT stand for the paths."""
    with tempfile.TemporaryDirectory() as folder:
        source, target = pathlib.Path(folder, "in" + suffix), pathlib.Path(folder, "out" + to)
        source.write_bytes(data)
        words = [str({"IN": source, "OUT": target}.get(word, word)) for word in command]
        subprocess.run(words, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        return target.read_bytes()


def scaled(picture, factor, how=LANCZOS):
    return picture.resize((round(picture.width * factor), round(picture.height * factor)), how)


def bare(source):
    """The original without any metadata, its picture untouched."""
    return tool(source.data, source.suffix, source.suffix, "exiftool", "-all=", "-o", "OUT", "IN")


def edited(exif, program):
    tags = Image.Exif()
    tags.load(exif)
    tags[0x0131] = program
    return written(tags)


def with_size(exif, size):
    tags = Image.Exif()
    tags.load(exif)
    ifd = tags.get_ifd(0x8769)
    ifd[0xA002], ifd[0xA003] = size
    return written(tags)


def bordered(picture):
    return ImageOps.expand(picture, max(picture.size) // 25, "white")


def captioned(picture):
    high = picture.height // 8
    out = Image.new("RGB", (picture.width, picture.height + high), "white")
    out.paste(picture)
    ImageDraw.Draw(out).text((10, picture.height + high // 3), "Summer at the lake", fill="black")
    return out


def cropped(picture, share):
    x, y = round(picture.width * share / 2), round(picture.height * share / 2)
    return picture.crop((x, y, picture.width - x, picture.height - y))


def messenger(picture, longest=1600, rounds=1):
    factor = min(longest / max(picture.size), .7)
    out = scaled(picture, factor, BICUBIC)
    for _ in range(rounds):
        data = jpeg(out, 75, progressive=True)
        out = Image.open(io.BytesIO(data)).convert("RGB")
    return data


# name → (kinds of sources, original's bytes, copy's suffix, copy's bytes)
VARIANTS = {}
# What is made of pictures of more than 3.2 megapixels, too.
OF_LARGE_ONES = {
    "re-saved at 50, metadata kept", "re-saved at 95, metadata kept", "re-saved at 100, metadata kept",
    "re-saved at 100, stripped", "PNG", "reduced to 0.5, stripped", "reduced to 0.5, metadata kept and mended", "messenger",
    "stripped, the same pixels", "bare original, PNG", "bare original, re-saved at 100", "edited in Lightroom",
}


def variant(name, copy, suffix=".jpg", kinds=("camera", "made", "transferred"), original=None):
    VARIANTS[name] = (kinds, original or (lambda source: source.data), suffix, copy)


for quality in (50, 75, 90, 95, 100):
    variant(f"re-saved at {quality}, metadata kept", lambda s, q=quality: jpeg(s.picture, q, s.exif))
    variant(f"re-saved at {quality}, stripped", lambda s, q=quality: jpeg(s.picture, q))
variant("re-saved at 100, 4:4:4, metadata kept", lambda s: jpeg(s.picture, 100, s.exif, subsampling=0))
variant("re-saved at 98 by ImageMagick", lambda s: tool(s.data, s.suffix, ".jpg", "convert", "IN", "-auto-orient", "-quality", "98", "OUT"))
variant("re-saved at 60 by ImageMagick", lambda s: tool(s.data, s.suffix, ".jpg", "convert", "IN", "-auto-orient", "-quality", "60", "OUT"))
variant("re-saved by ffmpeg (-q 2)", lambda s: tool(jpeg(s.picture, 100) if s.turned else s.data, s.suffix, ".jpg", "ffmpeg", "-i", "IN", "-q:v", "2", "OUT"))
variant("re-saved twice, 80 then 100", lambda s: jpeg(Image.open(io.BytesIO(jpeg(s.picture, 80))).convert("RGB"), 100))
for factor in (1.25, 1.5, 2, 3, 4):
    for how, word in ((LANCZOS, "Lanczos"), (BICUBIC, "bicubic"), (BILINEAR, "bilinear")):
        if factor in (1.25, 2, 4) or how == LANCZOS:
            variant(f"enlarged {factor}×, {word}, stripped", lambda s, f=factor, h=how: jpeg(scaled(s.picture, f, h), 90))
    variant(f"enlarged {factor}×, metadata kept", lambda s, f=factor: jpeg(scaled(s.picture, f, BICUBIC), 95, s.exif))
variant("enlarged 2×, metadata kept and mended", lambda s: jpeg(scaled(s.picture, 2), 95, with_size(s.exif, scaled(s.picture, 2).size)))
variant("enlarged 2× by ImageMagick", lambda s: tool(s.data, s.suffix, ".jpg", "convert", "IN", "-auto-orient", "-resize", "200%", "-quality", "92", "OUT"))
variant("enlarged 2×, sharpened", lambda s: jpeg(scaled(s.picture, 2).filter(ImageFilter.UnsharpMask(2, 80, 2)), 92))
variant("enlarged 2×, PNG", lambda s: saved(scaled(s.picture, 2), "PNG"), ".png")
for factor in (.75, .5, .25):
    variant(f"reduced to {factor}, stripped", lambda s, f=factor: jpeg(scaled(s.picture, f), 90))
    variant(f"reduced to {factor}, metadata kept", lambda s, f=factor: jpeg(scaled(s.picture, f), 95, s.exif))
    variant(f"reduced to {factor}, metadata kept and mended", lambda s, f=factor: jpeg(scaled(s.picture, f), 95, with_size(s.exif, scaled(s.picture, f).size)))
variant("reduced to .5 and enlarged again", lambda s: jpeg(scaled(s.picture, .5).resize(s.picture.size, BICUBIC), 95))
variant("PNG", lambda s: saved(s.picture, "PNG"), ".png")
variant("PNG, metadata kept", lambda s: saved(s.picture, "PNG", exif=s.exif), ".png")
variant("TIFF", lambda s: saved(s.picture, "TIFF", compression="tiff_lzw"), ".tif")
variant("BMP", lambda s: saved(s.picture, "BMP"), ".bmp")
variant("WebP, quality 85", lambda s: saved(s.picture, "WEBP", quality=85), ".webp")
variant("WebP, lossless", lambda s: saved(s.picture, "WEBP", lossless=True, method=0), ".webp")
variant("WebP, metadata kept", lambda s: saved(s.picture, "WEBP", quality=90, exif=s.exif), ".webp")
variant("HEIC, stripped", lambda s: saved(s.picture, "HEIF", quality=80, exif=None), ".heic")
variant("HEIC, metadata kept", lambda s: saved(s.picture, "HEIF", quality=90, exif=s.exif), ".heic")
variant("AVIF", lambda s: saved(s.picture, "AVIF", quality=80, speed=9), ".avif")
variant("messenger", lambda s: messenger(s.picture))
variant("messenger, sent on twice", lambda s: messenger(s.picture, 1280, 3))
variant("stripped, the same pixels", bare)
variant("cropped by 5 %, stripped", lambda s: jpeg(cropped(s.picture, .05), 95))
variant("cropped by 10 %, metadata kept", lambda s: jpeg(cropped(s.picture, .1), 98, s.exif))
variant("border", lambda s: jpeg(bordered(s.picture), 98, s.exif))
variant("caption", lambda s: jpeg(captioned(s.picture), 98, s.exif))
variant("edited in Lightroom", lambda s: jpeg(ImageEnhance.Color(ImageEnhance.Brightness(s.picture).enhance(1.06)).enhance(1.1), 98, edited(s.exif, "Adobe Photoshop Lightroom Classic 11.0 (Windows)")), kinds=("camera", "made"))
variant("brighter, metadata kept", lambda s: jpeg(ImageEnhance.Brightness(s.picture).enhance(1.06), 98, s.exif))
variant("brighter, stripped", lambda s: jpeg(ImageEnhance.Brightness(s.picture).enhance(1.06), 98))

# Nothing but the pixels tells anything.
BARE = dict(original=bare)
for quality in (75, 95, 100):
    variant(f"bare original, re-saved at {quality}", lambda s, q=quality: jpeg(s.picture, q), **BARE)
variant("bare original, enlarged 1.5×", lambda s: jpeg(scaled(s.picture, 1.5), 90), **BARE)
variant("bare original, enlarged 2×", lambda s: jpeg(scaled(s.picture, 2, BICUBIC), 90), **BARE)
variant("bare original, enlarged 4×", lambda s: jpeg(scaled(s.picture, 4, BILINEAR), 90), **BARE)
variant("bare original, reduced to .5", lambda s: jpeg(scaled(s.picture, .5), 90), **BARE)
variant("bare original, PNG", lambda s: saved(s.picture, "PNG"), ".png", **BARE)
variant("bare original, TIFF", lambda s: saved(s.picture, "TIFF", compression="tiff_lzw"), ".tif", **BARE)
variant("bare original, WebP", lambda s: saved(s.picture, "WEBP", quality=85), ".webp", **BARE)
variant("bare original, messenger", lambda s: messenger(s.picture), **BARE)
variant("bare original, re-saved at 75 with the metadata", lambda s: jpeg(s.picture, 75, s.exif), **BARE)
variant("bare original, re-saved at 100 with the metadata", lambda s: jpeg(s.picture, 100, s.exif), **BARE)
variant("bare original, reduced to .5 with the metadata", lambda s: jpeg(scaled(s.picture, .5), 95, with_size(s.exif, scaled(s.picture, .5).size)), **BARE)

HEIC = dict(kinds=("heic",))
for quality in (80, 95, 100):
    variant(f"HEIC to JPEG {quality}, metadata kept", lambda s, q=quality: jpeg(s.picture, q, s.exif), **HEIC)
variant("HEIC to JPEG 95, stripped", lambda s: jpeg(s.picture, 95), **HEIC)
variant("HEIC to JPEG 95 by ImageMagick, from PNG", lambda s: tool(saved(s.picture, "PNG"), ".png", ".jpg", "convert", "IN", "-quality", "95", "OUT"), **HEIC)
variant("HEIC to PNG", lambda s: saved(s.picture, "PNG"), ".png", **HEIC)
variant("HEIC to PNG, metadata kept", lambda s: saved(s.picture, "PNG", exif=s.exif), ".png", **HEIC)
variant("HEIC to JPEG, reduced to .5, metadata kept", lambda s: jpeg(scaled(s.picture, .5), 95, s.exif), **HEIC)
variant("HEIC to messenger", lambda s: messenger(s.picture), **HEIC)
variant("HEIC to HEIC 50, metadata kept", lambda s: saved(s.picture, "HEIF", quality=50, exif=s.exif), ".heic", **HEIC)
variant("HEIC to AVIF", lambda s: saved(scaled(s.picture, .5), "AVIF", quality=80, speed=10), ".avif", **HEIC)

MASTER = dict(kinds=("master",))
for quality in (75, 95, 100):
    variant(f"PNG master to JPEG {quality}", lambda s, q=quality: jpeg(s.picture, q), **MASTER)
variant("PNG master to WebP", lambda s: saved(s.picture, "WEBP", quality=90), ".webp", **MASTER)
variant("PNG master, enlarged 2×, PNG", lambda s: saved(scaled(s.picture, 2), "PNG"), ".png", **MASTER)
variant("PNG master, enlarged 2×, JPEG", lambda s: jpeg(scaled(s.picture, 2, BICUBIC), 92), **MASTER)
variant("PNG master, reduced to .5", lambda s: saved(scaled(s.picture, .5), "PNG"), ".png", **MASTER)


def sources():
    photos = arguments.samples / "photos/jpg"
    for kind, names in (("camera", CAMERA_JPEGS), ("transferred", TRANSFERRED)):
        for name in names:
            yield kind, Source(name.replace("/", "-"), (photos / f"{name}.jpg").read_bytes(), ".jpg")
    for name in CAMERA_HEICS:
        path = arguments.samples / "heif" / name
        yield "heic", Source(path.stem, path.read_bytes(), ".heic")
    for number, path in enumerate(sorted((arguments.samples / "distinct").glob("*.JPEG"))[:14]):
        picture = scaled(Image.open(path).convert("RGB"), .9)
        how = ({"quality": 88}, {"quality": 92, "subsampling": 0}, {"qtables": [OWN_LUMA, OWN_CHROMA]})[number % 3]
        yield "made", Source(f"made-{number:02}", saved(picture, "JPEG", exif=exif_of_a_camera(number, picture.size), **how), ".jpg")
    for number in range(6):
        picture = scene(number)
        how = ({"quality": 90}, {"qtables": [OWN_LUMA, OWN_CHROMA]})[number % 2]
        yield "made", Source(f"scene-{number}", saved(picture, "JPEG", exif=exif_of_a_camera(100 + number, picture.size), **how), ".jpg")
        yield "master", Source(f"master-{number}", saved(scene(50 + number), "PNG"), ".png")


def make():
    wanted = {name: v for name, v in VARIANTS.items() if not arguments.only or name in arguments.only}
    pairs = 0
    for kind, source in sources():
        for name, (kinds, original, suffix, copy) in wanted.items():
            if kind not in kinds or source.is_large and kind != "heic" and name not in OF_LARGE_ONES:
                continue
            folder = arguments.out / name.replace("/", "-") / source.name
            pairs += 1
            if folder.exists():
                continue
            half = folder.with_name(folder.name + ".part")
            shutil.rmtree(half, ignore_errors=True)
            half.mkdir(parents=True)
            (half / f"original{source.suffix}").write_bytes(original(source))
            (half / f"copy{suffix}").write_bytes(copy(source))
            half.rename(folder)
        print(f"\r{pairs} pairs", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    return wanted


def judge(name):
    folder = arguments.out / name.replace("/", "-")
    ran = subprocess.run([arguments.program, "--cache", arguments.out / "cache.db", "-q", "dedupe", folder, "--format", "json"],
                         capture_output=True, check=False)
    report = json.loads(ran.stdout)
    outcome = {path.name: ("not found", "") for path in sorted(folder.iterdir())}
    for group in report["groups"]:
        kept = pathlib.Path(group["keeper"]["path"])
        for duplicate in group["duplicates"]:
            other = pathlib.Path(duplicate["path"])
            if other.parent != kept.parent:
                print("mixed:", kept, other, file=sys.stderr)
                continue
            why = group["reason"] + ("; unsure: " + duplicate["unsure"] if duplicate.get("unsure") else "")
            if duplicate.get("unsure"):
                outcome[kept.parent.name] = ("unsure", f"kept {kept.name}: {why}")
            elif duplicate["relation"] in ("burst", "alike"):
                outcome[kept.parent.name] = ("not found", duplicate["relation"])
            else:
                right = kept.stem == "original"
                outcome[kept.parent.name] = ("right" if right else "wrong", why)
    return outcome


COLUMNS = ("right", "unsure", "wrong", "not found")


def main():
    wanted = make()
    lines, total = [], collections.Counter()
    for name in wanted:
        outcome = judge(name)
        counts = collections.Counter(what for what, _ in outcome.values())
        total += counts
        lines.append((name, counts))
        if arguments.list:
            for source, (what, why) in outcome.items():
                if what != "right":
                    print(f"{name}: {source}: {what}: {why}")
    table = ["| copy | right | unsure | wrong | not found |", "|---|---|---|---|---|"]
    for name, counts in lines + [("**all**", total)]:
        table.append(f"| {name} | " + " | ".join(str(counts[column] or "") for column in COLUMNS) + " |")
    print("\n".join(table))


main()
