"""`plan`: from the groups to files that the machines which hold the volumes act on."""

from __future__ import annotations

import contextlib
import json
import os
import shlex
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TextIO

from clean_backup_cluster.columns import GROUP_OUT
from clean_backup_cluster.errors import ClusterError, RefusedError
from clean_backup_cluster.stages import Stages
from clean_backup_cluster.tables import Table, new_id


@dataclass
class _Volume:
    """What is known of a volume while its files are written."""

    findings: _Writer
    keepers: _Writer
    kept: set[tuple[str, str | None]] = field(default_factory=set)
    needs: set[str] = field(default_factory=set)


class _Writer:
    """A JSON file with one long list, written an item at a time, and published when it is whole."""

    def __init__(self, target: Path, head: dict[str, Any], items: str) -> None:
        self.target = target
        self.fresh = target.with_name(f".{target.name}.part")
        self.count = 0
        self.stream: TextIO = self.fresh.open("w")
        self.stream.write(json.dumps(head, ensure_ascii=False)[:-1] + f', "{items}": [')

    def add(self, item: Any) -> None:
        """One more item of the list."""
        self.stream.write(",\n" if self.count else "\n")
        self.stream.write(json.dumps(item, ensure_ascii=False))
        self.count += 1

    def publish(self) -> None:
        """The file gets its name; without items there is none."""
        self.stream.write("]}\n")
        self.stream.flush()
        os.fsync(self.stream.fileno())
        self.stream.close()
        if self.count:
            self.fresh.replace(self.target)
        else:
            self.fresh.unlink()
            # One of an earlier plan would be taken for a part of this one.
            self.target.unlink(missing_ok=True)

    def drop(self) -> None:
        """Leaves nothing behind."""
        self.stream.close()
        self.fresh.unlink(missing_ok=True)


def plan(stages: Stages, table: Table, out: Path) -> list[str]:
    """Writes the files of a plan; returns what to run where."""
    latest = table.storage.read_json("groups/latest.json")
    if latest is None:
        raise RefusedError(f"{table.storage.root} has no groups yet: run clean-backup-cluster dedupe first")
    run = new_id()
    try:
        out.mkdir(parents=True, exist_ok=True)
        with stages.progress.stage("plan", "groups") as stage:
            volumes, stage.count = _written(stages, table, latest, out, run)
    except OSError as error:
        raise ClusterError(f"{error.filename or out} cannot be written: {error.strerror}") from error
    return _orders(volumes, out)


def _written(
    stages: Stages, table: Table, latest: dict[str, Any], out: Path, run: str
) -> tuple[dict[str, _Volume], int]:
    volumes: dict[str, _Volume] = {}
    count = 0
    try:
        for name, path in latest["volumes"].items():
            head = {"version": 1, "run": run, "volume": name}
            volumes[name] = _Volume(
                _Writer(out / f"{name}.findings.json", {**head, "root": {"path": path}}, "groups"),
                _Writer(out / f"{name}.keepers.json", head, "keepers"),
            )
        for group in _groups(stages, table, latest):
            count += _place(group, volumes)
        for volume in volumes.values():
            volume.findings.publish()
            volume.keepers.publish()
    except BaseException:
        for volume in volumes.values():
            with contextlib.suppress(OSError):
                volume.findings.drop()
                volume.keepers.drop()
        raise
    return volumes, count


def _groups(stages: Stages, table: Table, latest: dict[str, Any]) -> Iterator[dict[str, Any]]:
    if not latest["folders"]:
        return
    paths = (table.path(folder) for folder in latest["folders"])
    rows = (
        stages.read(GROUP_OUT, *paths)
        .where("kind = 'group' AND acted_on > 0 AND plan IS NOT NULL")
        .orderBy("path", "path_bytes", "volume_name", "id")
        .select("plan")
    )
    for row in rows.toLocalIterator():
        yield json.loads(row["plan"])


def _place(group: dict[str, Any], volumes: dict[str, _Volume]) -> int:
    """Puts a group into the findings of each volume that acts on it, and its keeper where that lies elsewhere."""
    keeper = group["keeper"]
    # The duplicates of a plan are those that are acted on, and no others.
    acting = {duplicate["volume"] for duplicate in group["duplicates"]}
    for name in sorted(acting):
        volumes[name].findings.add(group)
        if keeper["volume"] != name:
            volumes[name].needs.add(keeper["volume"])
    home = volumes[keeper["volume"]]
    place = (keeper["path"], keeper.get("path_bytes"))
    if acting - {keeper["volume"]} and place not in home.kept:
        home.kept.add(place)
        fields = ("path", "path_bytes", "bytes", "blake3")
        home.keepers.add({name: keeper[name] for name in fields if name in keeper})
    return 1 if acting else 0


def _orders(volumes: dict[str, _Volume], out: Path) -> list[str]:
    """What to run on which machine: keepers are attested before anything that relies on them goes."""
    lines: list[str] = []
    for name, volume in sorted(volumes.items()):
        if volume.keepers.count:
            lines += [
                f"# On the machine of volume {name}: {volume.keepers.count:,} pictures that other volumes rely on",
                f"clean-backup kernel attest {_quoted(out, name, 'keepers')} -o {_quoted(out, name, 'receipt')}",
            ]
    for name, volume in sorted(volumes.items()):
        if volume.findings.count:
            receipts = "".join(f" --receipt {_quoted(out, other, 'receipt')}" for other in sorted(volume.needs))
            plan_file = _quoted(out, name, "plan")
            lines += [
                f"# On the machine of volume {name}: {volume.findings.count:,} groups with something to act on",
                f"clean-backup kernel plan {_quoted(out, name, 'findings')}{receipts} -o {plan_file}",
                f"clean-backup apply {plan_file}",
            ]
    if not lines:
        return ["Nothing is to be acted on."]
    return ["# Receipts hold for a day. Carry the files along where a machine does not see this folder.", *lines]


def _quoted(out: Path, name: str, kind: str) -> str:
    return shlex.quote(str(out / f"{name}.{kind}.json"))
