"""`long`: films of a minute, large as cameras write them, to measure what reading one costs."""

import random
from pathlib import Path

import scenes
from ffmpeg import raw_input, write
from originals import Truth, write_truth
from variants import x264, x265

LINES = (("1080p", 1080), ("2160p", 2160))
SECONDS, TIMES = 10, 6


def make(out: Path, *, seed: int, stills: Path, jobs: int) -> Truth:
    """Each in H.264 and HEVC: ten seconds, encoded once and put behind each other six times."""
    made: Truth = {}
    for name, height in LINES:
        for codec, how in (("h264", x264(23, preset="veryfast")), ("hevc", x265(26))):
            screen = scenes.screen_of(height, SECONDS)
            rng = random.Random(f"long {seed} {name}")
            pictures = [scenes.load(path) for path in rng.sample(scenes.stills_in(stills), 4)]
            moving = [scenes.sprite(still, screen, rng) for still in pictures[1:]]
            frames = scenes.before(scenes.pan_zoom(pictures[0], screen, rng, shake=0.5), screen, moving)
            once, target = out / ".material" / f"{name}-{codec}.mp4", out / f"{name}-{codec}.mp4"
            words = [*raw_input(screen.width, screen.height, screen.rate), *how, "-g", "30"]
            write(once, words, scenes.noisy(frames, seed, 2))
            write(target, ["-stream_loop", str(TIMES - 1), "-i", str(once), "-c", "copy", "-fflags", "+bitexact"])
            made[target.name] = {"original": f"long-{name}", "edit": codec, "class": "original"}
    write_truth(out, seed, made)
    return made
