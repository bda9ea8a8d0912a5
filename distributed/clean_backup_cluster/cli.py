"""The command line."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn, TextIO

from clean_backup_cluster import __version__
from clean_backup_cluster.dedupe import Dedupe, DedupeOptions
from clean_backup_cluster.engines import opened
from clean_backup_cluster.errors import ClusterError, RefusedError, UsageError
from clean_backup_cluster.kernel import stop_all
from clean_backup_cluster.plan import plan
from clean_backup_cluster.progress import Progress
from clean_backup_cluster.scan import ScanOptions, parsed_volumes, scan
from clean_backup_cluster.stages import Stages
from clean_backup_cluster.tables import Table

_INTERRUPTED = 130
_SOME_FAILED = 1


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs a command. 0: done; 1: done, but some files could not be read; 2: wrong usage; 3: refused; 4: failed."""
    args = _parser().parse_args(arguments)
    progress = Progress(args.quiet)
    try:
        code: int = {"scan": _scan, "dedupe": _dedupe, "plan": _plan}[args.command](args, progress)
    except ClusterError as error:
        print(f"clean-backup-cluster: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        return _INTERRUPTED
    if args.figures is not None:
        progress.write(args.figures, args.engine)
    return code


def entry() -> NoReturn:
    """Runs a command as a program."""
    code = main()
    if not stop_all():
        # A task of the built-in engine that does not end would be cut off in the middle of Python, with a core dump.
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
    sys.exit(code)


def _scan(args: argparse.Namespace, progress: Progress) -> int:
    choice: list[str] = []
    for option in ("exclude", "include"):
        for glob in getattr(args, option):
            choice += [f"--{option}", glob]
    if args.hidden:
        choice.append("--hidden")
    options = ScanOptions(parsed_volumes(args.volume), tuple(choice), args.allow_empty)
    table = Table(args.table)
    with table.locked(), _stages(args, progress) as stages:
        result = scan(stages, table, options)
    progress.say(
        f"Scan {result.number}: {result.files:,} files, {result.hashed:,} read now, {result.kept:,} known, "
        f"{result.gone:,} gone, {result.failed:,} could not be read."
    )
    return _SOME_FAILED if result.failed else 0


def _dedupe(args: argparse.Namespace, progress: Progress) -> int:
    if args.output not in (None, "-") and Path(args.output).exists():
        raise RefusedError(f"{args.output} exists already, and no file is overwritten")
    table = Table(args.table)
    table.need()
    with table.locked(), _stages(args, progress) as stages:
        dedupe = Dedupe(stages, table, _dedupe_options(args))
        found = dedupe.run()
        if args.output is not None:
            with _written(args.output) as out:
                dedupe.write_report(found, out)
    summary = found.summary
    progress.say(
        f"{summary['groups']:,} groups, {summary['duplicates']:,} duplicates, {summary['acted_on']:,} to act on, "
        f"{summary['reclaimable_bytes']:,} bytes to free; {summary['skipped']:,} files skipped."
    )
    return _SOME_FAILED if summary["skipped"] else 0


def _plan(args: argparse.Namespace, progress: Progress) -> int:
    table = Table(args.table)
    table.need()
    with table.locked(), _stages(args, progress) as stages:
        lines = plan(stages, table, args.out)
    for line in lines:
        print(line)
    return 0


def _dedupe_options(args: argparse.Namespace) -> DedupeOptions:
    policy: list[str] = []
    for option in ("sensitivity", "threshold", "fine_threshold", "hash"):
        value = getattr(args, option)
        if value is not None:
            policy += ["--" + option.replace("_", "-"), str(value)]
    if args.any_orientation:
        policy.append("--any-orientation")
    grouping = [f"--include-{kind}" for kind in ("bursts", "alike", "unsure") if getattr(args, f"include_{kind}")]
    for rules in args.keep:
        grouping += ["--keep", rules]
    try:
        marks = None if args.marks is None else args.marks.read_text()
    except (OSError, ValueError) as error:
        raise UsageError(f"--marks {args.marks} cannot be read: {error}") from error
    return DedupeOptions(
        policy=tuple(policy),
        grouping=tuple(grouping),
        marks=marks,
        references=tuple(args.reference),
        blocks=args.blocks,
        wave_bytes=None if args.wave is None else args.wave * 1_000_000,
        read_files=args.read_files,
        fine_only=args.hash == "fine",
    )


@contextmanager
def _stages(args: argparse.Namespace, progress: Progress) -> Iterator[Stages]:
    with opened(args.engine, args.parallel) as engine:
        yield Stages(engine, progress, args.program)


@contextmanager
def _written(output: str) -> Iterator[TextIO]:
    if output == "-":
        yield sys.stdout
        return
    target = Path(output)
    try:
        stream = target.open("x")
    except OSError as error:
        raise ClusterError(f"{output} cannot be written: {error.strerror}") from error
    try:
        with stream:
            yield stream
    except BaseException as error:
        # Half a report would be taken for a whole one.
        target.unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise ClusterError(f"{output} cannot be written: {error.strerror}") from error
        raise


def _blocks(text: str) -> int | None:
    return None if text == "auto" else _number(text)


def _number(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("a number from 1 on is wanted")
    return number


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="clean-backup-cluster",
        description="Finds duplicate pictures on many machines, with Spark or Sail.",
    )
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(dest="command", required=True)

    scanning = _command(commands, "scan", "hash what is new or has changed into the table")
    scanning.add_argument(
        "--volume",
        action="append",
        required=True,
        metavar="NAME=PATH",
        help="a tree of media, seen under this path by every worker. May be repeated",
    )
    scanning.add_argument("--exclude", action="append", default=[], metavar="GLOB", help="leave out. May be repeated")
    scanning.add_argument("--include", action="append", default=[], metavar="GLOB", help="only these. May be repeated")
    scanning.add_argument("--hidden", action="store_true", help="hidden files too")
    scanning.add_argument("--allow-empty", action="store_true", help="believe it when a volume that had files is empty")

    deduping = _command(commands, "dedupe", "find duplicates in the table")
    matching = deduping.add_argument_group("matching, as in clean-backup dedupe")
    how = matching.add_mutually_exclusive_group()
    how.add_argument("--sensitivity", choices=["exact", "standard", "aggressive"])
    how.add_argument("--threshold", type=int, metavar="N")
    matching.add_argument("--fine-threshold", type=int, metavar="N")
    matching.add_argument("--hash", choices=["both", "fine"])
    matching.add_argument("--any-orientation", action="store_true")
    for kind in ("bursts", "alike", "unsure"):
        matching.add_argument(f"--include-{kind}", action="store_true")
    matching.add_argument("--keep", action="append", default=[], metavar="RULES")
    matching.add_argument(
        "--marks",
        type=Path,
        metavar="FILE",
        help="pairs marked as no duplicates, as clean-backup kernel marks prints them",
    )
    deduping.add_argument(
        "--reference",
        action="append",
        default=[],
        metavar="NAME",
        help="a volume that is never changed. May be repeated",
    )
    deduping.add_argument(
        "--blocks",
        type=_blocks,
        default=None,
        metavar="auto|K",
        help="into how many blocks pictures that are new under this policy are cut [auto: 50,000 pictures each]",
    )
    deduping.add_argument(
        "--wave",
        type=_number,
        metavar="MB",
        help="how much joins have on the workers' disks at a time [as much as the table, 8 GB at least]",
    )
    deduping.add_argument("--read-files", action="store_true", help="kernels that group may open files where they lie")
    deduping.add_argument(
        "-o", "--output", metavar="FILE", help="write the groups as JSON, to a new file; - for standard output"
    )

    planning = _command(commands, "plan", "write what is to be done, a file a volume")
    planning.add_argument("--out", required=True, type=Path, metavar="DIR", help="folder for the files")
    return parser


def _command(
    commands: argparse._SubParsersAction[argparse.ArgumentParser], name: str, about: str
) -> argparse.ArgumentParser:
    command = commands.add_parser(name, help=about, description=about.capitalize() + ".")
    command.add_argument("--table", required=True, metavar="DIR", help="folder of the table, seen by every worker")
    command.add_argument(
        "--engine",
        default="sail",
        metavar="ENGINE",
        help="sail (built in), local, local[N], local-cluster[N,CORES,MB], spark://…, sc://… [sail]",
    )
    command.add_argument(
        "--program", default="clean-backup", metavar="PATH", help="the program on the workers [clean-backup]"
    )
    command.add_argument("--parallel", type=int, metavar="N", help="how many tasks run at a time [all cores]")
    command.add_argument("--figures", type=Path, metavar="FILE", help="write what each stage has cost, as JSON")
    command.add_argument("-q", "--quiet", action="store_true", help="say nothing but results and errors")
    return command
