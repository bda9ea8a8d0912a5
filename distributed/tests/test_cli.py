"""The command line, as far as it goes without an engine."""

from __future__ import annotations

from pathlib import Path

import pytest

from clean_backup_cluster.cli import main


def test_no_file_is_overwritten(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    picture = tmp_path / "picture.jpg"
    picture.write_text("a picture")
    assert main(["dedupe", "--table", str(tmp_path / "table"), "-o", str(picture)]) == 3
    assert "exists already" in capsys.readouterr().err
    assert picture.read_text() == "a picture"


def test_a_table_that_is_not_there_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for command in (["dedupe"], ["plan", "--out", str(tmp_path / "plans")]):
        assert main([*command, "--table", str(tmp_path / "table")]) == 3
        assert "begin with clean-backup-cluster scan" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_wrong_usage_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    scanning = ["scan", "--table", str(tmp_path / "table")]
    assert main([*scanning, "--volume", "no-path"]) == 2
    assert main([*scanning, "--volume", f"a={tmp_path}", "--engine", "abacus"]) == 2
    assert "--engine abacus" in capsys.readouterr().err
    with pytest.raises(SystemExit) as caught:
        main(["dedupe", "--table", "t", "--blocks", "0"])
    assert caught.value.code == 2
