"""Volumes and a table on the built-in engine, as tests use them."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from clean_backup_cluster.dedupe import Dedupe, DedupeOptions
from clean_backup_cluster.engines import Engine
from clean_backup_cluster.progress import Progress
from clean_backup_cluster.scan import Scanned, ScanOptions, scan
from clean_backup_cluster.stages import Stages
from clean_backup_cluster.tables import Table


@dataclass
class World:
    """Volumes in a folder, a table, and a program."""

    engine: Engine
    root: Path
    program: Path
    table: str = "table"
    names: tuple[str, ...] = ("a", "b")

    def write(self, name: str, contents: str) -> Path:
        file = self.root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(contents)
        return file

    def stages(self) -> Stages:
        return Stages(self.engine, Progress(quiet=True), str(self.program))

    def opened(self) -> Table:
        return Table(str(self.root / self.table))

    def scan(self, *names: str, **more: Any) -> Scanned:
        volumes = {name: str(self.root / name) for name in names or self.names}
        table = self.opened()
        with table.locked():
            return scan(self.stages(), table, ScanOptions(volumes, **more))

    def dedupe(self, **options: Any) -> tuple[list[Any], dict[str, Any]]:
        stages, table = self.stages(), self.opened()
        out = io.StringIO()
        with table.locked():
            dedupe = Dedupe(stages, table, DedupeOptions(**options))
            dedupe.write_report(dedupe.run(), out)
        report = json.loads(out.getvalue())
        return report["groups"], {**report["summary"], "skipped": report["skipped"], "stages": stages.progress.stages}

    def from_scratch(self, **options: Any) -> list[Any]:
        fresh = replace(self, table="fresh")
        fresh.scan(*self.names)
        return fresh.dedupe(**options)[0]
