#!/usr/bin/env python3
"""Fills in the manifests of package managers for the archives of a release: manifests.py VERSION OUT

In the templates, @VERSION@, @RELEASES@ and @PUBLISHER@ are replaced, and @SHA256:TARGET@ by the
hash of that target's archive. @WINDOWS@, and WINDOWS as a target, is whichever target for Windows
has an archive. A manifest that needs an archive that is not there is left out.
"""

import hashlib
import os
import re
import sys
from pathlib import Path

version, out = sys.argv[1], Path(sys.argv[2])
templates = Path(__file__).parent / "templates"
releases = os.environ.get("RELEASES", "https://example.invalid/releases").rstrip("/")
publisher = os.environ.get("PUBLISHER", "Unknown")
# Microsoft's own tools, which a build on Windows uses, or mingw-w64, which one on Linux does.
windows = ("x86_64-pc-windows-msvc", "x86_64-pc-windows-gnu")


def archive(target):
    suffix = "zip" if "windows" in target else "tar.gz"
    return out / f"clean-backup-{version}-{target}.{suffix}"


values = {"VERSION": version, "RELEASES": releases, "PUBLISHER": publisher,
          "ID": re.sub(r"[^A-Za-z0-9]", "", publisher) or "Unknown",
          "WINDOWS": next((target for target in windows if archive(target).exists()), windows[0])}


def fill(match):
    word, target = match.group(1), match.group(2)
    if word != "SHA256":
        return values[word]
    return hashlib.sha256(archive(values.get(target, target)).read_bytes()).hexdigest()


for system in ("winget", "scoop", "homebrew"):
    files = sorted((templates / system).iterdir())
    try:
        texts = {file.name: re.sub(r"@([A-Z0-9]+)(?::([A-Za-z0-9_-]+))?@", fill, file.read_text())
                 for file in files}
    except FileNotFoundError as missing:
        print(f"{system}: left out, there is no {Path(missing.filename).name}", file=sys.stderr)
        continue
    folder = out / "manifests" / system
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        name = name.replace("ID", values["ID"])
        (folder / name).write_text(text)
        print(folder / name)
if "example.invalid" in releases:
    print("RELEASES is not set: the addresses are to be filled in", file=sys.stderr)
