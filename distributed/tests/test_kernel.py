"""`kernel.run` against a program that behaves, and one that fails in every way."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from clean_backup_cluster.columns import COMPONENTS, EDGES, LISTED, arrow_schema, fitted
from clean_backup_cluster.errors import KernelError, told_by
from clean_backup_cluster.kernel import Kernel, Meter, run

Fake = Callable[..., Path]


def components_of(program: Path | str, **more: Any) -> Kernel:
    return Kernel(str(program), ("components",), EDGES, COMPONENTS, **more)


def edges(*pairs: tuple[int, int], type_: Any = None) -> pa.RecordBatch:
    type_ = type_ or pa.int64()
    return pa.RecordBatch.from_arrays(
        [pa.array([a for a, _ in pairs], type_), pa.array([b for _, b in pairs], type_)], names=["a", "b"]
    )


def answer(kernel: Kernel, *batches: pa.RecordBatch, meter: Meter | None = None) -> list[dict[str, Any]]:
    answers = list(run(kernel, iter(batches), meter or Meter()))
    return [row for batch in answers for row in batch.to_pylist()]


def failure(kernel: Kernel, *batches: pa.RecordBatch) -> str:
    with pytest.raises(KernelError) as caught:
        answer(kernel, *batches)
    told = told_by(caught.value)
    assert told is not None
    return told


def test_rows_go_in_and_come_out(fake: Fake) -> None:
    meter = Meter()
    rows = answer(components_of(fake()), edges((1, 2), (2, 3)), edges((8, 9)), meter=meter)
    assert {row["id"]: row["component"] for row in rows} == {1: 1, 2: 1, 3: 1, 8: 8, 9: 8}
    assert (meter.rows_in, meter.rows_out, meter.processes) == (3, 5, 1)
    assert meter.kernel_seconds > 0
    assert meter.bytes_in == 3 * 16


def test_a_stream_without_rows_has_an_answer(fake: Fake) -> None:
    meter = Meter()
    assert answer(components_of(fake()), meter=meter) == []
    assert meter.metadata["clean_backup.hash_version"] == "9"


def test_columns_get_the_types_of_the_page(fake: Fake) -> None:
    batch = edges((1, 2), type_=pa.int32())
    assert len(answer(components_of(fake()), batch)) == 2
    wide = pa.RecordBatch.from_arrays(
        [pa.array(["x"], pa.large_string()), pa.array([b"y"], pa.binary_view())], ["s", "b"]
    )
    schema = pa.schema([("b", pa.binary()), ("s", pa.string())])
    narrow = fitted(wide, schema)
    assert narrow.to_pylist() == [{"b": b"y", "s": "x"}]
    assert [column.type for column in narrow.columns] == [pa.binary(), pa.string()]


def test_a_missing_program_names_the_machine_and_what_to_install() -> None:
    told = failure(components_of("/nowhere/clean-backup"), edges((1, 2)))
    assert socket.gethostname() in told
    assert "cargo install" in told
    assert "--features kernel" in told


def test_an_exit_code_comes_with_the_last_lines(fake: Fake) -> None:
    told = failure(components_of(fake(FAULT="fails")), edges((1, 2)))
    assert "exit code 3" in told
    assert "the last line" in told
    assert socket.gethostname() in told


def test_death_by_a_signal_is_told(fake: Fake) -> None:
    assert "killed by SIGKILL" in failure(components_of(fake(FAULT="killed")), edges((1, 2)))


def test_a_stream_that_stops_is_no_whole_one_though_the_program_ends_well(fake: Fake) -> None:
    told = failure(components_of(fake(FAULT="hangs up")), edges((1, 2)))
    assert "middle of its output" in told


def test_a_program_that_does_not_read_all_is_told(fake: Fake) -> None:
    told = failure(components_of(fake(FAULT="deaf")), edges(*[(1, 2)] * 100_000))
    assert "before it had read its input" in told


def test_what_is_no_stream_is_told(tmp_path: Path) -> None:
    program = tmp_path / "chatty"
    program.write_text("#!/bin/sh\necho Welcome to this machine\ncat >/dev/null\n")
    program.chmod(0o755)
    assert "no Arrow stream" in failure(components_of(program), edges((1, 2)))


def test_another_version_is_refused(fake: Fake) -> None:
    told = failure(components_of(fake(), hash_version="8"), edges((1, 2)))
    assert "8" in told
    kernel = Kernel(str(fake()), ("list", "--volume", "v", "--", "/nowhere"), None, LISTED, hash_version="8")
    assert "another version" in failure(kernel)


def test_rows_that_are_lost_are_missed(fake: Fake) -> None:
    told = failure(components_of(fake(), one_row_each=True), edges((1, 2), (2, 3)))
    assert "3 rows to 2" in told


def test_an_error_of_the_input_is_not_taken_for_its_end(fake: Fake) -> None:
    def broken() -> Iterator[pa.RecordBatch]:
        yield edges((1, 2))
        raise RuntimeError("the engine lost a shuffle file")

    with pytest.raises(RuntimeError, match="lost a shuffle file"):
        list(run(components_of(fake()), broken(), Meter()))


def test_more_goes_through_than_pipes_hold(fake: Fake) -> None:
    many = (edges(*((n, n + 1) for n in range(begin, begin + 1000))) for begin in range(0, 40_000, 1000))
    rows = list(run(components_of(fake()), many, Meter()))
    assert sum(batch.num_rows for batch in rows) == 40_001


def test_a_reader_that_stops_leaves_no_process(fake: Fake) -> None:
    meter = Meter()
    answers = run(components_of(fake()), iter([edges(*((n, n + 1) for n in range(100)))]), meter)
    next(iter(answers))
    answers.close()  # type: ignore[attr-defined]
    assert meter.kernel_seconds > 0, "the process has been waited for"


def test_schemas_say_what_they_are() -> None:
    assert arrow_schema(EDGES, {"clean_backup.kernel": "1"}).metadata == {b"clean_backup.kernel": b"1"}
