"""`lookalikes`: films that are all different, of one length, in sets whose films resemble each other."""

import random
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import scenes
from ffmpeg import SUFFIXES, Film, in_parallel, probe, raw_input, write
from originals import Piece, Truth, share_of, write_truth
from PIL import Image
from scenes import Frames, Screen
from variants import x264

# Sources of ffmpeg that make test pictures and patterns.
PATTERNS = ("testsrc", "testsrc2", "smptebars", "smptehdbars", "pal75bars", "rgbtestsrc", "yuvtestsrc", "colorspectrum",
            "mandelbrot", "sierpinski", "gradients=seed=1", "gradients=seed=2", "life=ratio=0.3:mold=10:seed=1",
            "life=ratio=0.3:mold=10:seed=2", "cellauto=rule=110:seed=1", "cellauto=rule=110:seed=2")  # fmt: skip
MOST_PIECES, SHORTEST_PIECE = 12, 4
# A keyframe a second, as phones do.
ENCODED = [*x264(23), "-bf", "2"]


@dataclass(frozen=True)
class Alike:
    """What all sets are made of."""

    screen: Screen
    stills: list[Path]
    clips: list[Film]
    seed: int

    def dice(self, name: str) -> random.Random:
        return random.Random(f"{name} {self.seed}")

    def pictures(self, name: str, count: int) -> list[Image.Image]:
        return [scenes.load(path) for path in self.dice(f"pictures {name}").sample(self.stills, count)]


def tripod(by: Alike, place: int) -> Iterator[Frames]:
    """One place, seen by a camera that stands still; other things move through it."""
    background, *things = by.pictures(f"tripod {place}", 10)
    for number, thing in enumerate(things):
        rng = by.dice(f"tripod {place} {number}")
        moving = [scenes.sprite(thing, by.screen, rng, 0.2, 0.4) for _ in range(1 + number % 2)]
        yield scenes.before(scenes.held(background, by.screen), by.screen, moving)


def small_motion(by: Alike) -> Iterator[Frames]:
    """One place in which only something small moves, as before a surveillance camera."""
    background, thing = by.pictures("small motion", 2)
    for number in range(6):
        moving = [scenes.sprite(thing, by.screen, by.dice(f"small {number}"), 0.08, 0.14)]
        yield scenes.before(scenes.held(background, by.screen), by.screen, moving)


def slides_of_one(by: Alike, picture: int) -> Iterator[Frames]:
    """One picture, each time with other pans and zooms; half of the films begin with all of it."""
    (still,) = by.pictures(f"slides {picture}", 1)
    for number in range(8):
        yield scenes.pan_zoom(still, by.screen, by.dice(f"slides {picture} {number}"), whole_first=number % 2 == 0)


def same_intro(by: Alike, intro: float, outro: float) -> Iterator[Frames]:
    """The same moving intro, and credits, around another episode."""
    opening, closing, *episodes = by.pictures(f"intro {intro} {outro}", 10)
    screen = by.screen
    middle = screen.lasting(screen.seconds - intro - outro)
    for number, still in enumerate(episodes):
        parts = [
            scenes.pan_zoom(opening, screen.lasting(intro), by.dice("opening")),
            scenes.pan_zoom(still, middle, by.dice(f"episode {intro} {number}")),
            scenes.pan_zoom(closing, screen.lasting(outro), by.dice("closing")),
        ]
        yield scenes.cut_together(parts)


def same_card(by: Alike, shown: float, numbered: bool) -> Iterator[Frames]:
    """A title card at first, the same or with another number, then something else."""
    stills = by.pictures(f"card {numbered}", 8)
    for number, still in enumerate(stills):
        lines = ["Holidays", f"part {number + 1}" if numbered else "by the family"]
        title = scenes.card(by.screen.size, lines, by.dice("card"))
        rest = by.screen.lasting(by.screen.seconds - shown)
        film = scenes.pan_zoom(still, rest, by.dice(f"after card {number}"))
        yield scenes.cut_together([scenes.held(title, by.screen.lasting(shown)), film])


def black_start(by: Alike, black: float, fade: float) -> Iterator[Frames]:
    for number, still in enumerate(by.pictures(f"black {black}", 8)):
        film = scenes.pan_zoom(still, by.screen, by.dice(f"black {black} {number}"))
        yield scenes.faded_in(film, by.screen, black, fade)


def screen_recordings(by: Alike) -> Iterator[Frames]:
    """The same window, in which other words are typed."""
    window = scenes.desktop(by.screen.size)
    for number in range(10):
        yield scenes.typed_text(by.screen, by.dice(f"screen {number}"), window)


def slide_shows(by: Alike) -> Iterator[Frames]:
    """The same eight pictures, each time in another order, with the same first one."""
    first, *others = by.pictures("slide show", 8)
    part = by.screen.lasting(by.screen.seconds / 8)
    for number in range(6):
        by.dice(f"order {number}").shuffle(others)
        yield scenes.cut_together([scenes.held(still, part) for still in [first, *others]])


def same_frame_around(by: Alike) -> Iterator[Frames]:
    """A broadcast's frame, with bars and a banner, around other pictures."""
    surround, *stills = by.pictures("surround", 7)
    width, height = by.screen.size
    shrunk = Screen(round(width * 0.31) * 2, round(height * 0.31) * 2, by.screen.rate, by.screen.seconds)
    background = scenes.cover(surround, by.screen.size)
    for number, still in enumerate(stills):
        yield pasted(scenes.pan_zoom(still, shrunk, by.dice(f"surround {number}")), background)


def pasted(frames: Frames, background: Image.Image) -> Frames:
    for frame in frames:
        shown = background.copy()
        shown.paste(frame, ((background.width - frame.width) // 2, (background.height - frame.height) // 3))
        yield shown


SETS: dict[str, Callable[[Alike], Iterator[Frames]]] = {
    "tripod_street": lambda by: tripod(by, 0),
    "tripod_room": lambda by: tripod(by, 1),
    "small_motion": small_motion,
    "slides_of_one": lambda by: slides_of_one(by, 0),
    "slides_of_another": lambda by: slides_of_one(by, 1),
    "same_intro": lambda by: same_intro(by, 3, 0),
    "episodes": lambda by: same_intro(by, 2.5, 1.5),
    "same_card": lambda by: same_card(by, 3, False),
    "numbered_card": lambda by: same_card(by, 2, True),
    "black_start": lambda by: black_start(by, 2, 0),
    "fade_from_black": lambda by: black_start(by, 1, 1.5),
    "screen_recordings": screen_recordings,
    "slide_shows": slide_shows,
    "same_frame_around": same_frame_around,
}


def encode_frames(target: Path, frames: Iterable[Image.Image], screen: Screen, seed: int) -> None:
    words = [*raw_input(screen.width, screen.height, screen.rate), *ENCODED, "-g", str(round(screen.rate))]
    write(target, words, scenes.noisy(iter(frames), seed, 2))


def encode_piece(target: Path, piece: Piece, height: int) -> None:
    words = ["-ss", f"{piece.start:.3f}", "-t", f"{piece.seconds:.3f}", "-i", str(piece.clip.path), "-an",
             "-map_metadata", "-1", "-vf", f"scale=-2:{height},setsar=1"]  # fmt: skip
    write(target, [*words, *ENCODED, "-g", str(max(1, round(piece.clip.rate)))])


def encode_pattern(target: Path, pattern: str, screen: Screen) -> None:
    name, _, options = pattern.partition("=")
    source = f"{name}=size={screen.width}x{screen.height}:rate={screen.rate}{':' + options if options else ''}"
    write(target, ["-f", "lavfi", "-t", str(screen.seconds), "-i", source, *ENCODED, "-g", str(round(screen.rate))])


def pieces_of(clip: Film, seconds: float) -> list[Piece]:
    """Pieces that follow each other; two halves where the clip is short."""
    usable = clip.seconds - 0.1
    length = seconds if usable >= 2 * seconds else usable / 2
    count = min(int(usable / length), MOST_PIECES) if length >= SHORTEST_PIECE else 0
    return [Piece(clip, number * length, length) for number in range(count)]


@dataclass(frozen=True)
class Planned:
    """A film of a set, what makes it, and what it is a piece of."""

    path: Path
    task: Callable[[], None]
    piece: str = ""

    def truth(self, out: Path) -> dict[str, str]:
        path, name = str(self.path.relative_to(out)), self.path.parent.name
        entry = {"original": path, "edit": name, "class": "original", "alike": name}
        return {**entry, "piece": self.piece} if self.piece else entry


def planned(by: Alike, out: Path) -> Iterator[Planned]:
    screen = by.screen
    for clip in by.clips:
        for number, piece in enumerate(pieces_of(clip, screen.seconds)):
            path = out / f"pieces_of_{clip.path.stem}" / f"{number:02}.mp4"
            yield Planned(path, partial(encode_piece, path, piece, screen.height), str(piece))
    for name, films in SETS.items():
        for number, frames in enumerate(films(by)):
            path = out / name / f"{number:02}.mp4"
            yield Planned(path, partial(encode_frames, path, frames, screen, number))
    for number, pattern in enumerate(PATTERNS):
        path = out / "patterns" / f"{number:02}-{pattern.partition('=')[0]}.mp4"
        # Another corpus has the same ones.
        piece = f"{pattern} 0 {screen.seconds}"
        yield Planned(path, partial(encode_pattern, path, pattern, screen), piece)


def films_in(folder: Path | None, share: tuple[int, int]) -> list[Film]:
    paths = [path for path in sorted(folder.iterdir()) if path.suffix in SUFFIXES] if folder else []
    return [probe(path) for path in share_of(paths, share)]


def make(out: Path, *, seed: int, seconds: float, height: int, stills: Path, clips: Path | None,
         share: tuple[int, int], jobs: int) -> Truth:  # fmt: skip
    screen = scenes.screen_of(height, seconds, rate=25)
    pictures = share_of(scenes.stills_in(stills), share)
    by = Alike(screen, pictures, films_in(clips, share), seed)
    out.mkdir(parents=True, exist_ok=True)
    films = list(planned(by, out))
    for complaint in in_parallel([film.task for film in films], jobs):
        print(complaint)
    truth: Truth = {str(film.path.relative_to(out)): film.truth(out) for film in films if film.path.exists()}
    write_truth(out, seed, truth)
    return truth
