"""Decisions without an engine: which blocks are joined, in which waves, and how rows are cut into runs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from clean_backup_cluster.dedupe import Joined, open_pairs, overlapping, read_policy, waves
from clean_backup_cluster.errors import KernelError, UsageError, told_by
from clean_backup_cluster.scan import parsed_volumes
from clean_backup_cluster.stages import on_disk, parts, spooled


def test_every_pair_of_blocks_is_joined_once() -> None:
    sizes = {(1, 0): 5, (1, 1): 5, (2, 0): 5}
    pairs = open_pairs(Joined("p", [], "9"), sizes)
    assert len(pairs) == 6
    assert {frozenset(pair) for pair in pairs} == {frozenset((a, b)) for a in sizes for b in sizes}


def test_only_pairs_with_a_new_block_are_open() -> None:
    joined = Joined("p", [], "9", complete=[1])
    sizes = {(1, 0): 5, (1, 1): 5, (2, 0): 5}
    assert open_pairs(joined, sizes) == [((1, 0), (2, 0)), ((1, 1), (2, 0)), ((2, 0), (2, 0))]


def test_a_run_that_was_stopped_goes_on_where_it_was() -> None:
    joined = Joined("p", [], "9", blocks={1: 2}, pairs={((1, 0), (1, 0)), ((1, 0), (1, 1))}, edges=["e"])
    read = Joined.from_json(joined.as_json())
    assert read == joined
    assert open_pairs(read, {(1, 0): 5, (1, 1): 5}) == [((1, 1), (1, 1))]


def test_waves_are_bounded_and_lose_nothing() -> None:
    sizes = {(1, n): 100 for n in range(5)}
    pairs = open_pairs(Joined("p", [], "9"), sizes)
    cut = list(waves(pairs, sizes, row_bytes=10, most=5000))
    assert [pair for wave in cut for pair in wave] == pairs
    sent = [sum(1000 if a == b else 2000 for a, b in wave) for wave in cut]
    assert max(sent) <= 5000
    assert len(cut) == 6


def test_a_pair_that_is_too_large_goes_alone() -> None:
    sizes = {(1, 0): 100, (1, 1): 100}
    pairs = open_pairs(Joined("p", [], "9"), sizes)
    assert [len(wave) for wave in waves(pairs, sizes, row_bytes=10, most=1)] == [1, 1, 1]


def batch(*keys: int) -> pa.RecordBatch:
    return pa.RecordBatch.from_pydict({"key": pa.array(keys, pa.int64()), "n": pa.array(range(len(keys)), pa.int64())})


def by_key(batches: list[pa.RecordBatch], scratch: Path) -> dict[Any, list[Any]]:
    pieces = (piece for one in batches for piece in parts(one, "key"))
    return {key: [row["n"] for rows in stream for row in rows.to_pylist()] for key, stream in spooled(pieces, scratch)}


def test_rows_are_brought_together_by_their_key_in_any_order(tmp_path: Path) -> None:
    batches = [batch(1, 2, 1), batch(), batch(2), batch(3, 1, 4), batch(4)]
    assert by_key(batches, tmp_path) == {1: [0, 2, 1], 2: [1, 0], 3: [0], 4: [2, 0]}
    assert list(tmp_path.iterdir()) == []


def test_nothing_comes_of_no_rows() -> None:
    assert list(on_disk([], lambda rows: rows)) == []


def test_volumes_are_names_and_absolute_paths() -> None:
    assert parsed_volumes(["a=/x", "b=/y=z"]) == {"a": "/x", "b": "/y=z"}
    for wrong in (["a"], ["=/x"], ["a="], ["a=x"], ["a/b=/x"], ["a=/x", "a=/y"]):
        with pytest.raises(UsageError):
            parsed_volumes(wrong)


def test_a_message_survives_an_engines_wrapping() -> None:
    wrapped = RuntimeError(f"Job aborted:\n  Traceback\n  KernelError: {KernelError('no program')}\n\tat java.lang")
    assert told_by(wrapped) == "no program"
    assert told_by(RuntimeError("else")) is None


def test_folders_that_lie_in_one_another_are_seen() -> None:
    assert overlapping(["/a/b", "/x", "/a/b/c"])
    assert overlapping(["/a", "/a/"])
    assert not overlapping(["/a/b", "/a/bc", "/a/c"])


def test_a_policy_is_told_in_words() -> None:
    assert read_policy("threshold=6 hash=both") == {"threshold": 6, "hash": "both"}
    assert read_policy(None) == {}
