#!/usr/bin/env python3
"""Writes the licences of every crate that is linked into the program, with their texts.

    licences.py TARGET [FEATURES] > third-party.txt

The texts are the crates' own files. Crates whose texts are the same to the word share one. A crate
that brings no text gets that of another crate from the same repository, else the wording of its
licence; where neither is known, nothing is written and the exit code is 1.
"""

import json
import re
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

NAMES = re.compile(r"^(licen[cs]e|copying|copyright|notice|unlicen[cs]e|patents)", re.I)
SUFFIXES = {"", ".md", ".txt", ".rst", ".html"}
# What no crate's text may be taken for: it names who holds the copyright.
NAMED = {"MIT", "ISC", "BSD-2-Clause", "BSD-3-Clause", "Zlib"}
MIT = """MIT License

Copyright (c) {authors}

Permission is hereby granted, free of charge, to any person obtaining a copy of this software and
associated documentation files (the "Software"), to deal in the Software without restriction,
including without limitation the rights to use, copy, modify, merge, publish, distribute,
sublicense, and/or sell copies of the Software, and to permit persons to whom the Software is
furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all copies or substantial
portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT
NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND
NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES
OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM, OUT OF OR IN
CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE."""


def output(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def linked(target, features):
    """The crates that end up in the program: no build scripts' and no macros' dependencies."""
    metadata = json.loads(output(
        "cargo", "metadata", "--locked", "--format-version", "1", "--filter-platform", target,
        "--features", features))
    packages = {package["id"]: package for package in metadata["packages"]}
    nodes = {node["id"]: node for node in metadata["resolve"]["nodes"]}
    root = metadata["resolve"]["root"]
    seen, queue = set(), [root]
    while queue:
        key = queue.pop()
        kinds = {kind for t in packages[key]["targets"] for kind in t["kind"]}
        if key in seen or "proc-macro" in kinds:
            continue
        seen.add(key)
        for dependency in nodes[key]["deps"]:
            if any(kind["kind"] is None for kind in dependency["dep_kinds"]):
                queue.append(dependency["pkg"])
    found = [packages[key] for key in seen if key != root]
    return sorted(found, key=lambda package: (package["name"], package["version"]))


def texts(package):
    folder = Path(package["manifest_path"]).parent
    places = [folder] + [f for f in folder.iterdir() if f.is_dir() and NAMES.match(f.name)]
    files = {file for place in places for file in place.iterdir() if file.is_file()
             and (NAMES.match(file.name) or place != folder) and is_text(file)}
    if package["license_file"]:
        files.add((folder / package["license_file"]).resolve())
    found = []
    for file in sorted(files):
        text = file.read_text(encoding="utf-8", errors="replace").strip()
        # Some are symbolic links whose target a package lost.
        if len(text) > 60:
            found.append("\n".join(line.rstrip() for line in text.splitlines()))
    return found


def is_text(file):
    suffix = file.suffix.lower()
    return suffix in SUFFIXES or re.match(r"^\.[a-z]*(mit|apache|bsd|zlib|isc|0)", suffix)


def words(text):
    return " ".join(text.split()).lower()


def substitute(package, by_licence, by_repository):
    """The text of one of its licences, where the crate itself has none."""
    sisters = by_repository.get(home(package), {}).get(package["license"])
    if sisters:
        return sisters
    expression = package["license"] or ""
    choices = [part.strip(" ()") for part in re.split(r"\bOR\b|\bAND\b|/", expression)]
    authors = ", ".join(package["authors"]) or f"the authors of {package['name']}"
    for licence in choices:
        if licence == "MIT":
            return MIT.format(authors=authors)
    for licence in choices:
        if licence not in NAMED and by_licence.get(licence):
            return by_licence[licence]
    return None


def home(package):
    return (package["repository"] or package["name"]).rstrip("/").removesuffix(".git").lower()


def main():
    target = sys.argv[1]
    features = sys.argv[2] if len(sys.argv) > 2 else ""
    packages = linked(target, features)
    own = {package["id"]: texts(package) for package in packages}
    by_licence, by_repository = {}, defaultdict(dict)
    for package in packages:
        # A crate with one licence and one text says what the text is.
        if package["license"] and len(own[package["id"]]) == 1 and " " not in package["license"]:
            by_licence.setdefault(package["license"], own[package["id"]][0])
        if own[package["id"]]:
            by_repository[home(package)][package["license"]] = own[package["id"]][0]
        for text in own[package["id"]]:
            if words(text).startswith("apache license version 2.0, january 2004"):
                by_licence.setdefault("Apache-2.0", text)
    users, wording, missing = defaultdict(list), {}, []
    for package in packages:
        found = own[package["id"]]
        if not found:
            text = substitute(package, by_licence, by_repository)
            if text is None:
                missing.append(f"{package['name']} {package['version']} ({package['license']})")
                continue
            found = [text]
        for text in found:
            key = words(text)
            wording.setdefault(key, text)
            users[key].append(f"{package['name']} {package['version']}")
    if missing:
        sys.exit("no licence text: " + "; ".join(missing))
    print("Clean-Backup is linked with the crates below. First which licence each is under, then the\n"
          "texts, each with the crates that bring it.\n")
    for package in packages:
        print(f"{package['name']} {package['version']}: {package['license'] or 'see its text'}")
    for key in sorted(users, key=lambda key: (users[key][0].lower(), key)):
        print("\n" + "=" * 80)
        print("\n".join(wrapped(users[key])))
        print("-" * 80 + "\n")
        print(wording[key])


def wrapped(names):
    line = ""
    for name in names:
        if line and len(line) + len(name) > 76:
            yield line + ","
            line = name
        else:
            line = f"{line}, {name}" if line else name
    yield line


main()
