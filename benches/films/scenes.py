"""Films made of still pictures: pans and zooms with changing motion, and things that move before them."""

import math
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy
from PIL import Image, ImageDraw, ImageFilter, ImageFont, ImageOps

Curve = Callable[[float], float]
Frames = Iterator[Image.Image]
BILINEAR = Image.Resampling.BILINEAR


@dataclass(frozen=True)
class Screen:
    """Size, frames a second and length of what is made."""

    width: int
    height: int
    rate: Fraction
    seconds: float

    @property
    def size(self) -> tuple[int, int]:
        return self.width, self.height

    def times(self) -> Iterator[float]:
        for number in range(round(self.seconds * self.rate)):
            yield float(number / self.rate)

    def lasting(self, seconds: float) -> "Screen":
        return Screen(self.width, self.height, self.rate, seconds)


def screen_of(height: int, seconds: float, rate: int = 30, upright: bool = False) -> Screen:
    width = round(height * 16 / 9 / 2) * 2
    return Screen(*((height, width) if upright else (width, height)), Fraction(rate), seconds)


def stills_in(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.suffix.lower() in (".jpg", ".jpeg", ".png"))


def load(path: Path) -> Image.Image:
    with Image.open(path) as opened:
        return opened.convert("RGB")


def curve(rng: random.Random, seconds: float, low: float, high: float, keys: int) -> Curve:
    """A smooth course through `keys` random values at uneven times."""
    steps = [rng.uniform(0.5, 1.5) for _ in range(keys - 1)]
    at = numpy.concatenate([[0], numpy.cumsum(steps)]) * (seconds / sum(steps))
    values = [rng.uniform(low, high) for _ in range(keys)]

    def value(time: float) -> float:
        right = min(int(numpy.searchsorted(at, time, side="right")), keys - 1)
        share = min(max((time - at[right - 1]) / (at[right] - at[right - 1]), 0), 1)
        eased = (1 - math.cos(math.pi * share)) / 2
        return float(values[right - 1] * (1 - eased) + values[right] * eased)

    return value


def from_rest(course: Curve, rest: float, seconds: float = 1.5) -> Curve:
    """The same course, but beginning at `rest`."""
    return lambda time: rest + (course(time) - rest) * min(time / seconds, 1)


def pan_zoom(
    still: Image.Image, screen: Screen, rng: random.Random, *, whole_first: bool = False, shake: float = 0
) -> Frames:
    """A camera that wanders over a picture; `whole_first`: beginning with all of it. `shake` as by hand, 0 to 1."""
    keys = max(3, round(screen.seconds / 2.2) + 1)
    zoom, across, down = (curve(rng, screen.seconds, low, high, keys) for low, high in ((1.1, 2.1), (0, 1), (0, 1)))
    if whole_first:
        zoom, across, down = from_rest(zoom, 1.0), from_rest(across, 0.5), from_rest(down, 0.5)
    phases = [rng.uniform(0, 6) for _ in range(6)]
    scale = min(still.width / screen.width, still.height / screen.height)
    for time in screen.times():
        width, height = (scale * side / zoom(time) for side in screen.size)
        left, top = (still.width - width) * across(time), (still.height - height) * down(time)
        sway = [sum(math.sin(phases[3 * axis + n] + time * (3.1, 7.7, 13.3)[n]) for n in range(3)) for axis in (0, 1)]
        left = max(min(left + shake * width * 0.006 * sway[0], still.width - width), 0)
        top = max(min(top + shake * height * 0.006 * sway[1], still.height - height), 0)
        box = (left, top, min(left + width, still.width), min(top + height, still.height))
        yield still.resize(screen.size, BILINEAR, box=box)


def held(still: Image.Image, screen: Screen) -> Frames:
    """A picture that does not move."""
    shown = cover(still, screen.size)
    for _ in screen.times():
        yield shown.copy()


def cover(still: Image.Image, size: tuple[int, int]) -> Image.Image:
    return ImageOps.fit(still, size, BILINEAR)


@dataclass(frozen=True)
class Sprite:
    """A cut-out that moves: where its middle is, and how large it is shown."""

    picture: Image.Image
    across: Curve
    down: Curve
    scale: Curve


def sprite(still: Image.Image, screen: Screen, rng: random.Random, low: float = 0.15, high: float = 0.4) -> Sprite:
    """An oval of a picture, `low` to `high` of the screen's height, on a course of its own."""
    high_pixels = round(screen.height * high)
    size = (round(high_pixels * rng.uniform(0.6, 1.4)), high_pixels)
    mask = Image.new("L", size, 0)
    ImageDraw.Draw(mask).ellipse((2, 2, size[0] - 3, size[1] - 3), fill=255)
    picture = cover(still, size)
    picture.putalpha(mask.filter(ImageFilter.GaussianBlur(2)))
    keys = max(3, round(screen.seconds / 1.6) + 1)
    across, down = (curve(rng, screen.seconds, low_end, high_end, keys) for low_end, high_end in ((0, 1), (0.2, 0.95)))
    return Sprite(picture, across, down, curve(rng, screen.seconds, low / high, 1, 3))


def before(frames: Frames, screen: Screen, sprites: list[Sprite]) -> Frames:
    """Sprites that move before a film."""
    for time, frame in zip(screen.times(), frames, strict=False):
        for one in sprites:
            size = tuple(max(2, round(side * one.scale(time))) for side in one.picture.size)
            shown = one.picture.resize(size, BILINEAR)
            corner = (
                round(one.across(time) * screen.width - size[0] / 2),
                round(one.down(time) * screen.height - size[1] / 2),
            )
            frame.paste(shown, corner, shown)
        yield frame


def cut_together(parts: list[Frames]) -> Frames:
    for part in parts:
        yield from part


def faded_in(frames: Frames, screen: Screen, black: float, fade: float) -> Frames:
    """`black` seconds of black, then `fade` seconds until all is seen."""
    for time, frame in zip(screen.times(), frames, strict=False):
        share = min(max((time - black) / fade, 0), 1) if fade else float(time >= black)
        yield frame if share == 1 else frame.point(lambda value, share=share: round(value * share))


def noisy(frames: Frames, seed: int, strength: float) -> Iterator[bytes]:
    """RGB bytes with a sensor's noise: eight patterns, never the same twice in a row."""
    source, patterns = numpy.random.default_rng(seed), None
    for number, frame in enumerate(frames):
        pixels = numpy.asarray(frame)
        if not strength:
            yield pixels.tobytes()
            continue
        if patterns is None:
            patterns = [source.normal(scale=strength, size=pixels.shape[:2]).astype(numpy.int16) for _ in range(8)]
        grain = patterns[number % 8][:, :, None]
        yield (pixels + grain).clip(0, 255).astype(numpy.uint8).tobytes()


def card(size: tuple[int, int], lines: list[str], rng: random.Random) -> Image.Image:
    """A title card: a gradient, discs and text."""
    width, height = size
    ends = [numpy.array([rng.randrange(20, 200) for _ in range(3)]) for _ in range(2)]
    slope = numpy.linspace(0, 1, width)[None, :, None] * 0.6 + numpy.linspace(0, 0.4, height)[:, None, None]
    picture = Image.fromarray((ends[0] * (1 - slope) + ends[1] * slope).astype(numpy.uint8))
    draw = ImageDraw.Draw(picture)
    for _ in range(5):
        x, y, radius = rng.uniform(0, width), rng.uniform(0, height), rng.uniform(0.05, 0.3) * height
        draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=tuple(rng.randrange(256) for _ in range(3)))
    for number, line in enumerate(lines):
        font = ImageFont.load_default(height * (0.14 if number == 0 else 0.07))
        middle = (width / 2, height * (0.4 + 0.18 * number))
        draw.text(middle, line, fill="white", anchor="mm", font=font, stroke_width=2, stroke_fill="black")
    return picture


WORDS = (
    "the of and to in is was for on are with they be at one have this from by hot but some what there we can out other "
    "were all your when up use word how said an each she which do their time if will way about many then them would write "
    "like so these her long make thing see him two has look more day could go come did my sound no most number who over"
).split()


def typed_text(screen: Screen, rng: random.Random, background: Image.Image) -> Frames:
    """A window in which text is typed and scrolls: the same window each time, other words."""
    margin, top = round(screen.width * 0.22), round(screen.height * 0.1)
    font = ImageFont.load_default(screen.height / 30)
    step = screen.height / 22
    lines: list[list[str]] = [[]]
    owed, pace = 0.0, rng.uniform(7, 11)
    for _ in screen.times():
        owed += pace / float(screen.rate)
        while owed >= 1:
            owed -= 1
            lines[-1].append(rng.choice(WORDS))
            if len(lines[-1]) > rng.randint(6, 12):
                lines.append([])
        frame = background.copy()
        draw = ImageDraw.Draw(frame)
        for number, line in enumerate(lines[-18:]):
            draw.text((margin, top + number * step), " ".join(line), fill=(30, 30, 30), font=font)
        yield frame


def desktop(size: tuple[int, int]) -> Image.Image:
    """An editor's window: a menu, a side bar with names, an empty page."""
    width, height = size
    picture = Image.new("RGB", size, (246, 246, 244))
    draw = ImageDraw.Draw(picture)
    draw.rectangle((0, 0, width, height * 0.06), fill=(52, 58, 72))
    draw.rectangle((0, height * 0.06, width * 0.19, height), fill=(225, 228, 232))
    draw.rectangle((0, height * 0.96, width, height), fill=(0, 122, 204))
    font = ImageFont.load_default(height / 34)
    for number, name in enumerate(WORDS[:14]):
        draw.text((width * 0.02, height * (0.1 + number * 0.055)), f"{name}.txt", fill=(80, 80, 90), font=font)
    return picture
