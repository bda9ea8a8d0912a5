"""The variants of a film: what messengers, editors, archives and cameras make of it, each by one ffmpeg call.

`standard` must be found by a normal search, `deep` only by a deep one, `never` by none.
"""

from dataclasses import dataclass
from pathlib import Path

from ffmpeg import ONE_THREAD, Film

STANDARD, DEEP, NEVER = "standard", "deep", "never"
INPUT, LOGO, INTRO = "{input}", "{logo}", "{intro}"


@dataclass(frozen=True)
class Variant:
    """A file `edit` + `suffix`; the words between `ffmpeg` and the target, made from the variant `of`."""

    edit: str
    suffix: str
    level: str
    words: list[str]
    of: str = "original"

    def beside(self, original: Path) -> Path:
        return original.with_name(self.edit + (self.suffix or original.suffix))


def x264(crf: int, *more: str, preset: str = "superfast") -> list[str]:
    return ["-c:v", "libx264", "-preset", preset, "-crf", str(crf), "-pix_fmt", "yuv420p", *more, *ONE_THREAD]


def x265(crf: int, pixels: str = "yuv420p") -> list[str]:
    parameters = "log-level=error:pools=none:frame-threads=1"
    return ["-c:v", "libx265", "-preset", "ultrafast", "-crf", str(crf), "-pix_fmt", pixels, "-tag:v", "hvc1",
            "-x265-params", parameters, *ONE_THREAD]  # fmt: skip


def variants(film: Film) -> list[Variant]:
    made: list[Variant] = []
    source = ["-i", INPUT]

    def add(level: str, edit: str, suffix: str, *words: str, of: str = "original") -> None:
        made.append(Variant(edit, suffix, level, list(words), of))

    def filtered(level: str, edit: str, graph: str, *more: str, crf: int = 25) -> None:
        add(level, edit, ".mp4", *source, "-vf", graph, *more, "-c:a", "copy", *x264(crf))

    copy = ["-c", "copy", "-fflags", "+bitexact"]
    kept = ["-c:a", "copy"]
    opus = ["-c:a", "libopus", "-b:a", "48k"]

    # Other encodings.
    add(STANDARD, "crf28", ".mp4", *source, *kept, *x264(28, preset="veryfast"))
    add(STANDARD, "crf35", ".mp4", *source, *kept, *x264(35, "-g", "48", preset="veryfast"))
    add(STANDARD, "x265", ".mp4", *source, *kept, *x265(28))
    add(STANDARD, "hevc10", ".mov", *source, *kept, *x265(26, "yuv420p10le"))
    add(STANDARD, "vp9", ".webm", *source, *opus, "-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8",
        "-crf", "36", "-b:v", "0", "-pix_fmt", "yuv420p", *ONE_THREAD)  # fmt: skip
    add(STANDARD, "vp8", ".webm", *source, *opus, "-c:v", "libvpx", "-deadline", "realtime", "-cpu-used", "8",
        "-crf", "20", "-b:v", "1M", "-pix_fmt", "yuv420p", *ONE_THREAD)  # fmt: skip
    add(STANDARD, "av1", ".mp4", *source, *kept, "-c:v", "libsvtav1", "-preset", "12", "-crf", "40",
        "-svtav1-params", "lp=1", "-pix_fmt", "yuv420p", *ONE_THREAD)  # fmt: skip
    add(STANDARD, "mpeg4", ".mp4", *source, *kept, "-c:v", "mpeg4", "-q:v", "6", "-bf", "2", *ONE_THREAD)
    add(STANDARD, "xvid_avi", ".avi", *source, "-c:a", "libmp3lame", "-c:v", "mpeg4", "-vtag", "xvid", "-q:v", "6",
        *ONE_THREAD)  # fmt: skip
    add(
        STANDARD, "mjpeg_avi", ".avi", *source, "-an", "-c:v", "mjpeg", "-q:v", "6", "-pix_fmt", "yuvj420p", *ONE_THREAD
    )
    add(STANDARD, "mjpeg", ".mov", *source, *copy, of="mjpeg_avi")
    add(STANDARD, "one_keyframe", ".mp4", *source, *kept, *x264(26, "-g", "9999", "-sc_threshold", "0"))

    # The same streams in other containers.
    tag = ["-tag:v", "hvc1"] if film.codec == "hevc" else []
    add(STANDARD, "same_bytes", "", "")
    add(STANDARD, "mov", ".mov", *source, *copy, *tag)
    add(STANDARD, "mkv", ".mkv", *source, *copy)
    add(STANDARD, "faststart", ".m4v", *source, *copy, *tag, "-movflags", "+faststart", "-f", "mp4")
    add(
        STANDARD, "fragmented", ".mp4", *source, *copy, *tag, "-movflags", "+frag_keyframe+empty_moov+default_base_moof"
    )
    add(STANDARD, "av1_mkv", ".mkv", *source, *copy, of="av1")
    add(STANDARD, "vp9_mp4", ".mp4", *source, *copy, of="vp9")
    add(STANDARD, "delayed", ".mp4", "-itsoffset", "0.4", *source, "-map", "0:v", *copy, *tag)

    # Other sizes, frame rates, a messenger's copy.
    add(STANDARD, "half", ".mp4", *source, "-vf", "scale=trunc(iw/4)*2:trunc(ih/4)*2", *kept, *x264(23))
    add(STANDARD, "two_thirds", ".mp4", *source, "-vf", "scale=trunc(iw/3)*2:trunc(ih/3)*2", *kept, *x264(23))
    filtered(STANDARD, "anamorphic", "scale=trunc(iw*3/8)*2:ih,setsar=4/3")
    for rate in (25, 24, 15):
        filtered(STANDARD, f"fps{rate}", f"fps={rate}", crf=24)
    # ffmpeg's -r repeats the first frame: the others are shown about 70 ms (25 a second) and 100 ms (15) late.
    for rate in (25, 15):
        add(STANDARD, f"fps{rate}_late", ".mp4", *source, "-r", str(rate), *kept, *x264(24))
    filtered(
        STANDARD, "variable_rate", r"select=not(eq(mod(n\,7)\,3))*not(between(mod(n\,50)\,20\,23))", "-vsync", "vfr"
    )
    long_side = r"scale=w=if(gt(iw\,ih)\,640\,-2):h=if(gt(iw\,ih)\,-2\,640)"
    add(STANDARD, "messenger", ".mp4", *source, "-map_metadata", "-1", "-vf", long_side, "-c:a", "aac", "-ac", "1",
        "-b:a", "48k", *x264(30, "-profile:v", "baseline", "-maxrate", "700k", "-bufsize", "1400k", "-g", "60"))  # fmt: skip
    small_side = r"fps=15,scale=w=if(gt(iw\,ih)\,400\,-2):h=if(gt(iw\,ih)\,-2\,400)"
    add(STANDARD, "messenger_small", ".3gp", *source, "-map_metadata", "-1", "-vf", small_side, "-an",
        *x264(33, "-profile:v", "baseline", "-g", "150"))  # fmt: skip

    # Edits of the picture.
    filtered(STANDARD, "brighter", "eq=brightness=0.08")
    filtered(STANDARD, "darker", "eq=brightness=-0.06:gamma=0.9")
    filtered(STANDARD, "contrast", "eq=contrast=1.25:saturation=1.2")
    mark = f"[1:v]scale={round(film.width * 0.2)}:-1[mark];[0:v][mark]overlay=W-w-12:12"
    add(STANDARD, "watermark", ".mp4", *source, "-i", LOGO, "-filter_complex", mark, *kept, *x264(25))
    filtered(STANDARD, "turned_back_by_matrix", "transpose=1")

    # For the deep search.
    tenth = film.seconds / 10
    add(DEEP, "head_cut", ".mp4", "-ss", f"{tenth:.3f}", *source, *kept, *x264(25))
    add(DEEP, "tail_cut", ".mp4", *source, "-t", f"{film.seconds - tenth:.3f}", *kept, *x264(25))
    add(DEEP, "trimmed_by_edit_list", ".mp4", "-ss", "0.25", *source, *copy, *tag)
    bars = "pad=iw:ceil(ih*2/3)*2:0:(oh-ih)/2" if film.width > film.height else "pad=ceil(iw*2/3)*2:ih:(ow-iw)/2:0"
    filtered(DEEP, "letterbox", bars)
    add(DEEP, "turned_by_matrix", ".mp4", *source, "-map_metadata", "0", "-metadata:s:v:0", "rotate=90", *copy, *tag)
    filtered(DEEP, "turned", "transpose=1")
    filtered(DEEP, "mirrored", "hflip")
    filtered(DEEP, "cropped", "crop=trunc(iw*0.475)*2:trunc(ih*0.475)*2")
    add(DEEP, "faster", ".mp4", *source, "-vf", "setpts=PTS/1.25", "-r", str(film.rate), "-an", *x264(25))
    same = f"setsar=1,fps={film.rate}"
    joined = f"[0:v]scale={film.width}:{film.height},{same}[a];[1:v]{same}[b];[a][b]concat"
    card = ["-loop", "1", "-t", "2", "-i", INTRO]
    add(DEEP, "intro", ".mp4", *card, *source, "-filter_complex", joined, "-an", *x264(25))

    # What is another thing, though it shows the same.
    add(NEVER, "time_lapse", ".mp4", *source, "-vf", "setpts=PTS/6", "-r", str(film.rate), "-an", *x264(25))
    add(NEVER, "poster", ".jpg", *source, "-frames:v", "1", "-q:v", "3", "-pix_fmt", "yuvj420p", *ONE_THREAD)
    return made
