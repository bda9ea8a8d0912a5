"""`make`: originals from still pictures and from real clips, and every variant of each."""

import json
import random
import shutil
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from pathlib import Path

import scenes
from ffmpeg import SUFFIXES, Film, in_parallel, probe, raw_input, write
from PIL import Image, ImageDraw, ImageFont
from variants import INPUT, INTRO, LOGO, Variant, variants, x264, x265

# Camera, codec, container, seconds between keyframes: as phones, cameras and editors write.
CAMERAS = (
    ("h264", ".mp4", 1.0, "0"),
    ("h264", ".mov", 1.0, "2"),
    ("h264", ".mp4", 0.5, "2"),
    ("hevc", ".mov", 1.0, "3"),
    ("h264", ".mp4", 2.0, "3"),
)
SHORTEST = 4.5
# By path below the corpus: `original`, the film that it shows; `edit`; `class`, when it must be found; of real clips
# `piece`: the clip's name and where the piece begins and ends, in seconds.
Truth = dict[str, dict[str, str]]


@dataclass(frozen=True)
class Piece:
    """A piece of a real clip."""

    clip: Film
    start: float
    seconds: float

    def __str__(self) -> str:
        return f"{self.clip.path.stem} {self.start:.3f} {self.start + self.seconds:.3f}"


def share_of(paths: list[Path], share: tuple[int, int]) -> list[Path]:
    """Every n-th of them: the shares of two corpora have nothing in common."""
    return paths[share[0] :: share[1]]


def pieces(clips: list[Path], seconds: float, most: int, rng: random.Random) -> list[Piece]:
    """Up to two pieces of each clip, and of short ones the whole."""
    found = []
    for path in clips:
        clip = probe(path)
        length = seconds * rng.uniform(1, 1.2)
        if clip.seconds < SHORTEST:
            continue
        if clip.seconds < length * 1.2:
            found.append(Piece(clip, 0, min(clip.seconds, 12)))
            continue
        room = clip.seconds - length
        first = rng.uniform(0, room)
        found.append(Piece(clip, first, length))
        # The second one only where it shares nothing with the first.
        second = first + length if first + 2 * length < clip.seconds else first - length
        if second >= 0:
            found.append(Piece(clip, second, length))
    rng.shuffle(found)
    return found[:most]


def camera_words(number: int, rate: Fraction, codec: str, gap: float, b_frames: str) -> list[str]:
    date = f"2024-{number % 12 + 1:02}-{number % 28 + 1:02}T10:{number % 60:02}:00Z"
    keys = ["-g", str(max(1, round(gap * rate))), "-bf", b_frames]
    how = x265(22) if codec == "hevc" else x264(20, preset="veryfast")
    told = ["-metadata", f"creation_time={date}", "-metadata", "make=Example", "-metadata", f"model=Camera {number}"]
    return [*how, *keys, *told, "-movflags", "+use_metadata_tags"]


SOUND = ["-c:a", "aac", "-b:a", "64k", "-shortest"]


def sound(number: int, seconds: float) -> list[str]:
    """Quiet noise: the sound does not matter, but its packets lie between those of the pictures."""
    return ["-f", "lavfi", "-t", f"{seconds:.3f}", "-i", f"anoisesrc=r=44100:a=0.05:c=pink:seed={number}"]


def from_piece(target: Path, number: int, piece: Piece, height: int) -> None:
    codec, _, gap, b_frames = CAMERAS[number % len(CAMERAS)]
    side = f"scale=-2:{height}" if piece.clip.width >= piece.clip.height else f"scale={height}:-2"
    words = ["-ss", f"{piece.start:.3f}", "-t", f"{piece.seconds:.3f}", "-i", str(piece.clip.path),
             *sound(number, piece.seconds), "-map", "0:v:0", "-map", "1:a", "-map_metadata", "-1",
             "-vf", f"{side},setsar=1", "-pix_fmt", "yuv420p", *SOUND]  # fmt: skip
    write(target, [*words, *camera_words(number, piece.clip.rate, codec, gap, b_frames)])


def from_stills(target: Path, number: int, stills: list[Path], rng: random.Random, height: int, seconds: float) -> None:
    """A film of three kinds in turn: a camera that wanders, one held by hand with things before it, cuts."""
    codec, _, gap, b_frames = CAMERAS[number % len(CAMERAS)]
    screen = scenes.screen_of(height, seconds, rng.choice((30, 30, 25)), upright=number % 5 == 4)
    pictures = [scenes.load(path) for path in rng.sample(stills, 6)]
    if number % 3 == 2:
        first = screen.lasting(round(seconds * rng.uniform(0.25, 0.45), 1))
        second = screen.lasting(round(seconds * rng.uniform(0.2, 0.3), 1))
        third = screen.lasting(screen.seconds - first.seconds - second.seconds)
        cuts = zip(pictures[:3], (first, second, third), strict=True)
        frames = scenes.cut_together([scenes.pan_zoom(still, part, rng, shake=0.5) for still, part in cuts])
    else:
        frames = scenes.pan_zoom(pictures[0], screen, rng, shake=float(number % 3))
    sprites = [scenes.sprite(still, screen, rng) for still in pictures[3 : 3 + number % 4]]
    grained = scenes.noisy(scenes.before(frames, screen, sprites), number, rng.choice((0, 2, 3)))
    words = [
        *raw_input(screen.width, screen.height, screen.rate),
        *sound(number, seconds),
        "-map",
        "0:v",
        "-map",
        "1:a",
        *SOUND,
    ]
    write(target, [*words, *camera_words(number, screen.rate, codec, gap, b_frames)], grained)


def draw_logo(path: Path) -> None:
    picture = Image.new("RGBA", (240, 80), (0, 0, 0, 0))
    draw = ImageDraw.Draw(picture)
    draw.rounded_rectangle((2, 2, 237, 77), 16, fill=(255, 255, 255, 170))
    draw.ellipse((12, 14, 64, 66), fill=(210, 30, 40, 230))
    draw.text((150, 40), "Channel 7", fill=(20, 20, 30, 255), anchor="mm", font=ImageFont.load_default(32))
    picture.save(path)


def in_quarter_turn(path: Path) -> None:
    """Give the film a matrix that turns it by 90°, its pixels staying as they are."""
    plain = path.with_name(f".plain-{path.name}")
    path.replace(plain)
    write(path, ["-i", str(plain), "-c", "copy", "-metadata:s:v:0", "rotate=90", "-fflags", "+bitexact"])
    plain.unlink()


def write_variant(variant: Variant, original: Path, fillings: dict[str, str]) -> None:
    target = variant.beside(original)
    if target.exists():
        return
    if variant.edit == "same_bytes":
        shutil.copyfile(original, target)
        return
    source = original if variant.of == "original" else next(original.parent.glob(f"{variant.of}.*"))
    filled = {**fillings, INPUT: str(source)}
    write(target, [filled.get(word, word) for word in variant.words])
    if variant.edit == "turned_back_by_matrix":
        in_quarter_turn(target)


def write_variants(wanted: list[Variant], original: Path, fillings: dict[str, str], jobs: int) -> list[str]:
    """Write the variants, those that are made from others last; return the complaints."""
    rounds = [[one for one in wanted if (one.of == "original") is first] for first in (True, False)]
    complaints = []
    for batch in rounds:
        tasks = [partial(write_variant, one, original, fillings) for one in batch]
        complaints += in_parallel(tasks, jobs)
    return complaints


def make(out: Path, *, seed: int, originals: int, seconds: float, height: int, stills: Path, clips: Path | None,
         share: tuple[int, int], jobs: int, only: list[str]) -> Truth:  # fmt: skip
    """Write the corpus original by original; the truth is whole after each of them."""
    rng = random.Random(f"films {seed}")
    real = [path for path in sorted(clips.iterdir()) if path.suffix in SUFFIXES] if clips else []
    taken = pieces(share_of(real, share), seconds, originals // 2, rng)
    pictures = share_of(scenes.stills_in(stills), share)
    material = out / ".material"
    material.mkdir(parents=True, exist_ok=True)
    draw_logo(material / "logo.png")
    truth: Truth = {}
    for number in range(originals):
        name, own = f"o{number:02}", random.Random(f"film {seed} {number}")
        original = out / name / f"original{CAMERAS[number % len(CAMERAS)][1]}"
        piece = taken[number // 2] if number % 2 and number // 2 < len(taken) else None
        if piece:
            from_piece(original, number, piece, height)
        else:
            from_stills(original, number, pictures, own, height, round(seconds * own.uniform(1, 1.2), 1))
        film = probe(original)
        intro = material / f"intro-{name}.png"
        scenes.card((film.width, film.height), [f"Film {number}", "presented by someone else"], own).save(intro)
        fillings = {LOGO: str(material / "logo.png"), INTRO: str(intro)}
        wanted = [variant for variant in variants(film) if not only or variant.edit in only]
        for complaint in write_variants(wanted, original, fillings, jobs):
            print(complaint)
        truth |= truth_of(original, piece, variants(film))
        write_truth(out, seed, truth)
        print(f"{name}: {film.codec} {film.width}x{film.height}, {film.seconds:.1f} s", flush=True)
    return truth


def truth_of(original: Path, piece: Piece | None, known: list[Variant]) -> Truth:
    """What lies in the folder of an original, whenever it was made."""
    name = original.parent.name
    found = {f"{name}/{original.name}": {"original": name, "edit": "original", "class": "original"}}
    for variant in known:
        path = variant.beside(original)
        if path.exists():
            found[f"{name}/{path.name}"] = {"original": name, "edit": variant.edit, "class": variant.level}
    return {path: {**entry, "piece": str(piece)} for path, entry in found.items()} if piece else found


def write_truth(out: Path, seed: int, files: Truth) -> None:
    unfinished = out / ".truth.json"
    unfinished.write_text(json.dumps({"version": 1, "seed": seed, "files": files}, indent=1, sort_keys=True) + "\n")
    unfinished.replace(out / "truth.json")
