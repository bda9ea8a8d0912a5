"""Running ffmpeg and ffprobe: one thread a call, whole files only, nothing of the machine's clock in them."""

import json
import resource
import subprocess
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

SUFFIXES = (".mp4", ".mov", ".m4v", ".mkv", ".webm", ".avi", ".mpg", ".3gp")
# One thread an encoder: the same bytes every time, and no more than --jobs cores.
ONE_THREAD = ["-threads", "1", "-fflags", "+bitexact", "-flags:v", "+bitexact", "-flags:a", "+bitexact"]


class FfmpegFailed(Exception):
    """ffmpeg's own words on a file that it could not make or read."""


@dataclass(frozen=True)
class Film:
    """What the recipes need to know of a film: pixels as stored, seconds, frames a second."""

    path: Path
    width: int
    height: int
    seconds: float
    rate: Fraction
    has_audio: bool
    codec: str


def probe(path: Path) -> Film:
    words = ["ffprobe", "-v", "error", "-of", "json", "-show_streams", "-show_format", str(path)]
    asked = subprocess.run(words, capture_output=True, text=True, check=False)
    if asked.returncode:
        raise FfmpegFailed(f"{path}: {asked.stderr.strip()}")
    told = json.loads(asked.stdout)
    pictures = [stream for stream in told["streams"] if stream["codec_type"] == "video"]
    if not pictures:
        raise FfmpegFailed(f"{path}: no pictures in it")
    first = pictures[0]
    return Film(
        path=path,
        width=first["width"],
        height=first["height"],
        seconds=float(told["format"]["duration"]),
        rate=Fraction(first["avg_frame_rate"].replace("/0", "/1")) or Fraction(first["r_frame_rate"]),
        has_audio=any(stream["codec_type"] == "audio" for stream in told["streams"]),
        codec=first["codec_name"],
    )


def write(target: Path, words: list[str], frames: Iterable[bytes] | None = None) -> None:
    """Write `target` by `ffmpeg words target`, unless it is there; `frames` go to its standard input."""
    if target.exists():
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    unfinished = target.with_name(f".unfinished-{target.name}")
    command = ["ffmpeg", "-hide_banner", "-loglevel", "error", "-y", "-filter_threads", "1", *words, str(unfinished)]
    if frames is None:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
        status, complaint = done.returncode, done.stderr
    else:
        status, complaint = fed(command, frames)
    if status:
        unfinished.unlink(missing_ok=True)
        raise FfmpegFailed(f"{target}: {complaint.strip()}")
    unfinished.replace(target)


def fed(command: list[str], frames: Iterable[bytes]) -> tuple[int, str]:
    with subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.PIPE) as encoder:
        assert encoder.stdin and encoder.stderr
        try:
            for frame in frames:
                encoder.stdin.write(frame)
        except BrokenPipeError:
            pass
        encoder.stdin.close()
        complaint = encoder.stderr.read().decode(errors="replace")
        return encoder.wait(), complaint


def raw_input(width: int, height: int, rate: Fraction) -> list[str]:
    """The words for RGB frames from standard input."""
    return ["-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{width}x{height}", "-r", str(rate), "-i", "-"]


def in_parallel(tasks: list[Callable[[], None]], jobs: int) -> list[str]:
    """Do all tasks, `jobs` at a time; return the complaints."""

    def tried(task: Callable[[], None]) -> str | None:
        try:
            task()
        except FfmpegFailed as failed:
            return str(failed)
        return None

    with ThreadPoolExecutor(jobs) as pool:
        return [complaint for complaint in pool.map(tried, tasks) if complaint]


def cpu_seconds() -> float:
    """User and system time of this program and of all that it has started and waited for."""
    return sum(
        use.ru_utime + use.ru_stime
        for use in (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    )
