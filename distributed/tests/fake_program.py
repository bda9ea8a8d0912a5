"""Stands in for `clean-backup` in tests: the same streams, trivial decisions, and faults on demand.

A picture is a file whose first line is its key; files with one key are the same picture. What comes after
the first line makes other bytes of the same picture. Keys that begin with `doubt` need detail.
`FAULT` names what goes wrong, `FAULT_KERNEL` in which kernel.
"""

from __future__ import annotations

import hashlib
import json
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from clean_backup_cluster import columns as c

HASH_VERSION = os.environ.get("FAKE_HASH_VERSION", "9")
VERSION = "1"
Row = dict[str, Any]


def number(*parts: str) -> int:
    digest = hashlib.blake2b("\0".join(parts).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") >> 1


def policy_of(arguments: list[str]) -> str:
    threshold = arguments[arguments.index("--threshold") + 1] if "--threshold" in arguments else "6"
    return f"threshold={threshold} orientation={'any' if '--any-orientation' in arguments else 'upright'}"


def read(expected: dict[str, str]) -> list[Row]:
    if os.environ.get("FAULT") == "deaf":
        return []
    with pa.ipc.open_stream(sys.stdin.buffer) as stream:
        for key, value in (stream.schema.metadata or {}).items():
            if expected.get(key.decode(), value.decode()) != value.decode():
                print(f"the stream's {key.decode()} is {value.decode()}", file=sys.stderr)
                sys.exit(3)
        return [row for batch in stream for row in batch.to_pylist()]


def write(columns: c.Columns, rows: list[Row], metadata: dict[str, str], kernel: str) -> None:
    fault = os.environ.get("FAULT") if os.environ.get("FAULT_KERNEL", kernel) == kernel else None
    schema = c.arrow_schema(columns, metadata)
    full = [{name: row.get(name) for name in schema.names} for row in rows]
    with pa.ipc.new_stream(sys.stdout.buffer, schema) as writer:
        for begin in range(0, len(full), 2):
            writer.write_batch(pa.RecordBatch.from_pylist(full[begin : begin + 2], schema=schema))
            if fault in ("killed", "hangs up", "fails"):
                break
        if fault is not None:
            sys.stdout.flush()
            fail(fault)


def fail(fault: str) -> None:
    if fault == "killed":
        os.kill(os.getpid(), signal.SIGKILL)
    elif fault == "hangs up":
        os._exit(0)
    elif fault == "fails":
        print("first line\nthe last line", file=sys.stderr)
        sys.stderr.flush()
        os._exit(3)


def listed(arguments: list[str]) -> list[Row]:
    volume = arguments[arguments.index("--volume") + 1]
    root = Path(arguments[-1] if arguments[-1] != "1" else arguments[arguments.index("--") + 1])
    rows = []
    for file in sorted(path for path in root.rglob("*") if path.is_file()):
        stat = file.stat()
        rows.append(
            {
                "id": number(volume, str(file)),
                "folder": number(volume, str(file.parent)),
                "volume_name": volume,
                "path": str(file),
                "state": "film" if file.suffix == ".mov" else "listed",
                "size": stat.st_size,
                "modified_ns": stat.st_mtime_ns,
                "changed_ns": stat.st_ctime_ns,
                "device": stat.st_dev,
                "inode": stat.st_ino,
            }
        )
    return rows


def hashed(row: Row) -> Row:
    if row["state"] != "listed":
        return row
    try:
        if row["path"] == os.environ.get("UNREADABLE"):
            raise PermissionError(13, "Permission denied")
        contents = Path(row["path"]).read_bytes()
    except OSError as error:
        return {**row, "state": "unreadable", "stage": "read", "reason": error.strerror}
    if contents.startswith(b"BAD"):
        return {**row, "state": "unreadable", "stage": "decode", "reason": "truncated"}
    key = contents.split(b"\n")[0].decode()
    more = {"format": "jpeg", "width": 8, "height": 8, "quality": 50, "phash": number(key), "camera": key}
    more |= {"hash_version": int(HASH_VERSION), "content": hashlib.sha256(contents).hexdigest()}
    return {**row, **more, "state": "picture", "views": b"v" * 160, "tile": b"t" * 4096, "machine": "here"}


def joined(rows: list[Row]) -> list[Row]:
    edges = []
    sides = {row["side"] for row in rows}
    seen: dict[tuple[int, int], list[Row]] = {}
    for row in rows:
        # The fake has no pixels: the width stands for what a tile would show.
        other_side = row["side"] if len(sides) == 1 else 1 - row["side"]
        for other in seen.get((other_side, row["width"]), []):
            if not (row["reference"] and other["reference"]):
                edges.append({"a": other["id"], "b": row["id"]})
        seen.setdefault((row["side"], row["width"]), []).append(row)
    return edges


def components(edges: list[Row]) -> list[Row]:
    up: dict[int, int] = {}

    def top(id_: int) -> int:
        up.setdefault(id_, id_)
        while up[id_] != id_:
            id_ = up[id_]
        return id_

    for edge in edges:
        a, b = top(edge["a"]), top(edge["b"])
        up[max(a, b)] = min(a, b)
    return [{"id": id_, "component": top(id_)} for id_ in up]


def groups(rows: list[Row]) -> Iterator[Row]:
    of: dict[tuple[int, str], list[Row]] = {}
    for row in rows:
        of.setdefault((row["component"], row["camera"]), []).append(row)
    for (component, key), members in of.items():
        members.sort(key=lambda row: (not row["reference"], len(row["path"]), row["path"]))
        if key.startswith("doubt") and any(row["detail"] is None for row in members):
            for row in members:
                if row["detail"] is None:
                    yield {**row, "kind": "detail"}
            continue
        if len(members) < 2:
            continue
        keeper, *others = members
        plan = {
            "keeper": {"volume": keeper["volume_name"], "path": keeper["path"], "bytes": keeper["size"]}
            | {"modified_ns": keeper["modified_ns"], "blake3": keeper["content"]},
            "duplicates": [{"volume": row["volume_name"], "path": row["path"]} for row in others],
        }
        shown = {
            "keeper": {"path": keeper["path"], "volume": keeper["volume_name"]},
            "duplicates": [{"path": row["path"], "volume": row["volume_name"]} for row in others],
        }
        yield {
            **{name: keeper[name] for name in ("id", "volume_name", "path", "path_bytes")},
            "kind": "group",
            "component": component,
            "group": json.dumps(shown),
            "plan": json.dumps(plan),
            "duplicates": len(others),
            "acted_on": len(others),
            "reclaimable_bytes": sum(row["size"] for row in others),
        }


def detail(row: Row) -> Row:
    try:
        contents = Path(row["path"]).read_bytes()
    except OSError:
        return {"id": row["id"], "detail": None}
    same = hashlib.sha256(contents).hexdigest() == row["content"]
    return {"id": row["id"], "detail": b"d" * 65536 if same else None}


def main() -> None:
    _, kernel, *arguments = sys.argv[1:]
    metadata = {"clean_backup.kernel": VERSION, "clean_backup.hash_version": HASH_VERSION}
    policy = {**metadata, "clean_backup.policy": policy_of(arguments)}
    if kernel == "list":
        write(c.LISTED, listed(arguments), metadata, kernel)
    elif kernel == "hash" and "--detail" in arguments:
        write(c.DETAIL_OUT, [detail(row) for row in read(metadata)], metadata, kernel)
    elif kernel == "hash":
        rows = [hashed(row) for row in read(metadata)]
        for row in rows:
            # The key's number as a width, as `kernel join` is not given the hash.
            row["width"] = number(row.get("camera") or "") % (1 << 30) if row["state"] == "picture" else None
        write(c.HASHED, rows, metadata, kernel)
    elif kernel == "units":
        rows = [row for row in read(metadata) if row["state"] == "picture"]
        write(c.UNITS_OUT, [{"id": row["id"], "role": 0, "edited": False} for row in rows], metadata, kernel)
    elif kernel == "join":
        write(c.EDGES, joined(read(policy)), policy, kernel)
    elif kernel == "components":
        write(c.COMPONENTS, components(read(metadata)), metadata, kernel)
    elif kernel == "group":
        write(c.GROUP_OUT, list(groups(read(policy))), policy, kernel)


if __name__ == "__main__":
    main()
