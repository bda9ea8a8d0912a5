#!/usr/bin/env python3
"""A folder as it would be on a rotating disk, and what the orders of reading cost there.

Mounts a copy of a folder through FUSE (fusepy; Debian: fuse, libfuse2). A head moves between the files: whoever reads
where the last read did not end waits 9 ms (a seek and half a turn at 7,200 a minute), and 150 MB pass in a second. One
read at a time. Files lie in the order in which they were written, which is not the order of their names, as on the disk
of somebody who copied cards into folders over years. Nothing stays in the system's cache.

    slow_disk.py --program target/release/clean-backup [--files 300] [--runs 3] FOLDER-OF-PICTURES
"""

import argparse
import hashlib
import itertools
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

SEEK_SECONDS = 0.009
BYTES_PER_SECOND = 150e6


def mount(source: str, target: str, counts: str) -> None:
    from fuse import FUSE, Operations

    class SlowDisk(Operations):
        """Serves `source`, slowly."""

        def __init__(self) -> None:
            self.head = (-1, 0)
            self.turn = threading.Lock()
            self.seeks = self.bytes = 0

        def getattr(self, path, fh=None):
            found = os.lstat(source + path)
            names = ("st_mode", "st_ino", "st_nlink", "st_uid", "st_gid", "st_size", "st_mtime", "st_ctime", "st_atime")
            return {name: getattr(found, name) for name in names}

        def readdir(self, path, fh):
            return [".", "..", *os.listdir(source + path)]

        def open(self, path, flags):
            return os.open(source + path, os.O_RDONLY)

        def release(self, path, fh):
            os.close(fh)

        def read(self, path, size, offset, fh):
            data = os.pread(fh, size, offset)
            with self.turn:
                inode = os.fstat(fh).st_ino
                if self.head != (inode, offset):
                    self.seeks += 1
                    time.sleep(SEEK_SECONDS)
                time.sleep(len(data) / BYTES_PER_SECOND)
                self.head = (inode, offset + len(data))
                self.bytes += len(data)
            return data

        def destroy(self, path):
            Path(counts).write_text(f"{self.seeks} {self.bytes}")

    FUSE(SlowDisk(), target, foreground=True, ro=True, use_ino=True)


def corpus(pictures: Path, folder: Path, count: int) -> int:
    """Copies with names in another order than that of their places; bytes."""
    jpegs = (path for path in pictures.rglob("*") if path.suffix.lower() in (".jpg", ".jpeg"))
    found = sorted(path for path in jpegs if path.stat().st_size >= 1 << 20)
    if not found:
        sys.exit(f"{pictures}: no JPEG files of a megabyte or more, as cameras write them")
    total = 0
    for number, path in enumerate(itertools.islice(itertools.cycle(found), count)):
        name = hashlib.sha256(str(number).encode()).hexdigest()
        target = folder / name[:1] / f"{name[1:9]}.jpg"
        target.parent.mkdir(exist_ok=True)
        # Bytes behind the end of a JPEG are no part of it, and make it another file.
        target.write_bytes(path.read_bytes() + str(number).encode())
        total += target.stat().st_size
    return total


def run(program: str, folder: Path, order: str) -> tuple[float, float, int, int]:
    """Seconds, CPU-seconds, seeks and bytes of one scan."""
    with tempfile.TemporaryDirectory() as scratch:
        target, counts = Path(scratch, "disk"), Path(scratch, "counts")
        target.mkdir()
        disk = subprocess.Popen([sys.executable, __file__, "--mount", str(folder), str(target), str(counts)])
        while not os.path.ismount(target):
            time.sleep(0.05)
        homes = {name: scratch for name in ("HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME", "XDG_CONFIG_HOME")}
        line = [program, "scan", str(target), "--read-order", order, "--cpu", "--cache", f"{scratch}/hashes.db"]
        before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
        try:
            code = subprocess.run(line, env=os.environ | homes, stdout=subprocess.DEVNULL).returncode
            took, after = time.monotonic() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
        finally:
            subprocess.run(["fusermount", "-u", str(target)], check=True)
            disk.wait()
        # 1: a picture was skipped.
        if code not in (0, 1):
            sys.exit(f"{line}: exit code {code}")
        seeks, read = map(int, counts.read_text().split())
        cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        return took, cpu, seeks, read


def main() -> None:
    if sys.argv[1:2] == ["--mount"]:
        mount(*sys.argv[2:5])
        return
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pictures", type=Path)
    parser.add_argument("--program", default="target/release/clean-backup")
    parser.add_argument("--files", type=int, default=300)
    parser.add_argument("--runs", type=int, default=3)
    asked = parser.parse_args()
    folder = Path(tempfile.mkdtemp())
    try:
        total = corpus(asked.pictures, folder, asked.files)
        print(f"{asked.files} files, {total / 1e6:.0f} MB; medians of {asked.runs} runs, in turn\n")
        found: dict[str, list[tuple[float, float, int, int]]] = {"found": [], "place": []}
        for _ in range(asked.runs):
            for order, runs in found.items():
                runs.append(run(asked.program, folder, order))
        print("| order | seconds | CPU-seconds | seeks | MB read |\n|---|---|---|---|---|")
        for order, runs in found.items():
            took, cpu, seeks, read = (statistics.median(column) for column in zip(*runs))
            print(f"| {order} | {took:.1f} | {cpu:.1f} | {seeks:.0f} | {read / 1e6:.0f} |")
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
