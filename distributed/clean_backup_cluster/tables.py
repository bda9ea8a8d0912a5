"""A table on disk: folders of Parquet, and small JSON files that say which of them count.

DIR/table.json             format and versions, volumes, scans
DIR/pictures/ID            what one scan has hashed
DIR/listings/ID            all files that one scan has seen, and in which scan each was hashed
DIR/edges/POLICY/ID        pairs of one wave of joins; joined.json beside them says of which blocks
DIR/details/ID             256x256 luma of pictures, by content; details.json says which folders count
DIR/groups/POLICY/ID       groups of one run, a folder a round; latest.json says which run is the newest
DIR/work/ID                of a run that is under way

Engines may leave half of a folder behind when they fail. A folder is therefore written under a new name, and
counts once a JSON file names it. Those are replaced atomically.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import uuid
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from pyarrow import fs

from clean_backup_cluster.errors import RefusedError
from clean_backup_cluster.kernel import KERNEL_VERSION

FORMAT = 1


@dataclass
class Volume:
    """A tree of media under the name that its rows have."""

    path: str
    # The number of the scan whose listing counts.
    scan: int


@dataclass
class Scan:
    """What one scan has left behind."""

    number: int
    pictures: str
    listing: str
    hashed: int
    volumes: list[str]


@dataclass
class State:
    """The contents of `table.json`."""

    hash_version: str | None = None
    volumes: dict[str, Volume] = field(default_factory=dict)
    scans: list[Scan] = field(default_factory=list)


class Storage:
    """The few small files of a table, on a local file system or an object store."""

    def __init__(self, root: str) -> None:
        """`root` is a folder or an address such as `s3://bucket/folder`."""
        self.root = root if "://" in root else str(Path(root).absolute())
        self.local = "://" not in root
        if not self.local:
            # Spark's name for it is s3a; Arrow knows only s3.
            address = self.root.replace("s3a://", "s3://", 1)
            self.files, self.prefix = fs.FileSystem.from_uri(address)

    def path(self, *parts: str) -> str:
        """A path below the table, as engines take it."""
        return "/".join((self.root.rstrip("/"), *parts))

    def read_json(self, name: str) -> Any | None:
        """A JSON file of the table; None if there is none."""
        try:
            if self.local:
                return json.loads(Path(self.path(name)).read_text())
            with self.files.open_input_stream(f"{self.prefix}/{name}") as stream:
                return json.loads(stream.read())
        except FileNotFoundError:
            return None
        except ValueError as error:
            raise RefusedError(f"{self.path(name)} is damaged: {error}") from error

    def write_json(self, name: str, contents: Any) -> None:
        """Replaces a JSON file atomically. An object store does so by itself."""
        text = json.dumps(contents, indent=1, ensure_ascii=False) + "\n"
        if not self.local:
            with self.files.open_output_stream(f"{self.prefix}/{name}") as stream:
                stream.write(text.encode())
            return
        target = Path(self.path(name))
        target.parent.mkdir(parents=True, exist_ok=True)
        fresh = target.with_name(f".{target.name}.{os.getpid()}")
        with fresh.open("w") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        fresh.replace(target)
        folder = os.open(target.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def remove_folder(self, name: str) -> None:
        """Removes a folder of the table, if it is there."""
        files, prefix = (fs.LocalFileSystem(), self.root) if self.local else (self.files, self.prefix)
        with contextlib.suppress(FileNotFoundError):
            files.delete_dir(f"{prefix}/{name}")


class Table:
    """A table that is open for one run."""

    def __init__(self, root: str) -> None:
        """Reads `table.json`; a table that is not there is a new one."""
        self.storage = Storage(root)
        self.work = f"work/{new_id()}"
        kept = self.storage.read_json("table.json")
        self.exists = kept is not None
        self.state = State() if kept is None else _state(kept, self.storage.path("table.json"))

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Keeps other runs out, on local file systems, and removes what this run only needed for itself."""
        with self._lock():
            try:
                yield
            finally:
                self.storage.remove_folder(self.work)

    @contextlib.contextmanager
    def _lock(self) -> Iterator[None]:
        if not self.storage.local:
            yield
            return
        root = Path(self.storage.root)
        root.mkdir(parents=True, exist_ok=True)
        with (root / "lock").open("a") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise RefusedError(f"another run is using {root}") from error
            yield

    def path(self, *parts: str) -> str:
        """A path below the table, as engines take it."""
        return self.storage.path(*parts)

    def work_path(self, name: str) -> str:
        """A folder for this run only."""
        return self.storage.path(self.work, name)

    def need(self) -> None:
        """Refuses a table that has not been scanned."""
        if not self.state.scans:
            raise RefusedError(f"{self.storage.root} has no table yet: begin with clean-backup-cluster scan")

    def admit(self, hash_version: str) -> None:
        """Refuses a program whose hashes are others than those of the table."""
        kept = self.state.hash_version
        if kept is not None and kept != hash_version:
            raise RefusedError(
                f"the hashes of {self.storage.root} are of version {kept}, those of the program of version "
                f"{hash_version}: use the program that made the table, or scan into a new one"
            )

    def save(self) -> None:
        """Writes `table.json`: from here on everything that it names counts."""
        contents = {"format": FORMAT, "kernel": KERNEL_VERSION, **asdict(self.state)}
        self.storage.write_json("table.json", contents)

    def listings(self) -> dict[str, list[str]]:
        """The listings that count, by folder, with the volumes that each one counts for."""
        by_number = {scan.number: scan for scan in self.state.scans}
        folders: dict[str, list[str]] = {}
        for name, volume in sorted(self.state.volumes.items()):
            folders.setdefault(by_number[volume.scan].listing, []).append(name)
        return folders


def new_id() -> str:
    """A name that no other run has used."""
    return uuid.uuid4().hex[:16]


def _state(kept: Any, path: str) -> State:
    format_ = kept.get("format") if isinstance(kept, dict) else None
    if format_ != FORMAT:
        raise RefusedError(f"{path} has format {format_}; this program reads format {FORMAT}")
    if kept.get("kernel") != KERNEL_VERSION:
        raise RefusedError(
            f"{path} was made with kernels of version {kept.get('kernel')}; this program runs those of "
            f"version {KERNEL_VERSION}"
        )
    try:
        return State(
            hash_version=kept["hash_version"],
            volumes={name: Volume(**volume) for name, volume in kept["volumes"].items()},
            scans=[Scan(**scan) for scan in kept["scans"]],
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise RefusedError(f"{path} is damaged: {error}") from error
