"""`lookalikes`: films that are all different, of one length, in sets whose films resemble each other."""

import random
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import scenes
from ffmpeg import SUFFIXES, Film, in_parallel, probe, raw_input, write
from originals import Truth, share_of, write_truth
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


def encode_piece(target: Path, clip: Film, start: float, screen: Screen) -> None:
    words = ["-ss", f"{start:.3f}", "-t", f"{screen.seconds:.3f}", "-i", str(clip.path), "-an", "-map_metadata", "-1",
             "-vf", f"scale=-2:{screen.height},setsar=1"]  # fmt: skip
    write(target, [*words, *ENCODED, "-g", str(max(1, round(clip.rate)))])


def encode_pattern(target: Path, pattern: str, screen: Screen) -> None:
    name, _, options = pattern.partition("=")
    source = f"{name}=size={screen.width}x{screen.height}:rate={screen.rate}{':' + options if options else ''}"
    write(target, ["-f", "lavfi", "-t", str(screen.seconds), "-i", source, *ENCODED, "-g", str(round(screen.rate))])


def pieces_of(clip: Film, seconds: float) -> tuple[float, list[float]]:
    """Length and starts of pieces that follow each other; two halves where the clip is short."""
    usable = clip.seconds - 0.1
    length = seconds if usable >= 2 * seconds else usable / 2
    count = min(int(usable / length), MOST_PIECES) if length >= SHORTEST_PIECE else 0
    return length, [number * length for number in range(count)]


def tasks_of(by: Alike, out: Path) -> Iterator[tuple[str, Path, Callable[[], None]]]:
    """Set, file and what makes it."""
    for clip in by.clips:
        length, starts = pieces_of(clip, by.screen.seconds)
        for number, start in enumerate(starts):
            target = out / f"pieces_of_{clip.path.stem}" / f"{number:02}.mp4"
            piece = by.screen.lasting(length)
            yield target.parent.name, target, lambda t=target, c=clip, s=start, p=piece: encode_piece(t, c, s, p)
    for name, films in SETS.items():
        for number, frames in enumerate(films(by)):
            target = out / name / f"{number:02}.mp4"
            yield name, target, lambda t=target, f=frames, n=number: encode_frames(t, f, by.screen, n)
    for number, pattern in enumerate(PATTERNS):
        target = out / "patterns" / f"{number:02}-{pattern.partition('=')[0]}.mp4"
        yield "patterns", target, lambda t=target, p=pattern: encode_pattern(t, p, by.screen)


def films_in(folder: Path | None, share: tuple[int, int]) -> list[Film]:
    paths = [path for path in sorted(folder.iterdir()) if path.suffix in SUFFIXES] if folder else []
    return [probe(path) for path in share_of(paths, share)]


def make(out: Path, *, seed: int, seconds: float, height: int, stills: Path, clips: Path | None,
         share: tuple[int, int], jobs: int) -> Truth:  # fmt: skip
    screen = scenes.screen_of(height, seconds, rate=25)
    pictures = share_of(scenes.stills_in(stills), share)
    by = Alike(screen, pictures, films_in(clips, share), seed)
    truth: Truth = {}
    out.mkdir(parents=True, exist_ok=True)
    batch: list[Callable[[], None]] = []
    for name, target, task in tasks_of(by, out):
        relative = str(target.relative_to(out))
        truth[relative] = {"original": relative, "edit": name, "class": "original", "alike": name}
        batch.append(task)
    for complaint in in_parallel(batch, jobs):
        print(complaint)
    truth = {path: entry for path, entry in truth.items() if (out / path).exists()}
    write_truth(out, seed, truth)
    return truth
