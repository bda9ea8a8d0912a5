#!/usr/bin/env python3
"""Records docs/tour.svg: a session in bash on a pseudo-terminal, as an animation.

    docs/record_tour.py [PROGRAM]     PROGRAM is target/release/clean-backup unless named

The session is real: keys are typed, and what the program writes is kept with its times. Only the
pauses for reading are ours.
"""

import fcntl
import html
import os
import pty
import re
import select
import shutil
import struct
import sys
import tempfile
import termios
import time
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
COLUMNS, ROWS = 100, 32
# Pixels of a character.
WIDTH, HEIGHT = 7.8, 17
MARGIN = 14
# Seconds between two keys, and the least between two frames.
KEY, FRAME = 0.06, 0.04
COLOURS = ["#3b4252", "#e06c75", "#8cc379", "#e5c07b", "#61afef", "#c678dd", "#56b6c2", "#dcdfe4"]

# What is typed, what is waited for, and how long people then look at it.
STEPS = [
    ("clean-backup dedupe Pictures --action quarantine\r", "[y/N] ", 5.0),
    ("y\r", "Undo with", 2.5),
    ("clean-backup undo\r", "[y/N] ", 2.0),
    ("y\r", "Undo with", 4.0),
]


class Screen:
    """As much of a terminal as the program and bash use (ECMA-48)."""

    def __init__(self):
        self.cells = [self.blank() for _ in range(ROWS)]
        self.row = self.column = 0
        self.style = ""
        self.rest = ""

    @staticmethod
    def blank():
        return [(" ", "")] * COLUMNS

    def feed(self, text):
        text = self.rest + text
        pattern = r"\x1b\[([?0-9;]*)([@-~])|\x1b\][^\x07]*\x07|\x1b[=>]|([^\x1b])"
        at = 0
        while found := re.compile(pattern, re.S).match(text, at):
            at = found.end()
            if found[2]:
                self.control(found[1], found[2])
            elif found[3]:
                self.write(found[3])
        self.rest = text[at:]

    def write(self, character):
        if character == "\r":
            self.column = 0
        elif character == "\b":
            self.column = max(self.column - 1, 0)
        elif character == "\n":
            self.next_row()
        elif character >= " ":
            if self.column == COLUMNS:
                self.column = 0
                self.next_row()
            self.cells[self.row][self.column] = (character, self.style)
            self.column += 1

    def next_row(self):
        if self.row + 1 < ROWS:
            self.row += 1
        else:
            self.cells = self.cells[1:] + [self.blank()]

    def control(self, parameters, final):
        numbers = [int(number or 0) for number in parameters.lstrip("?").split(";")]
        count = max(numbers[0], 1)
        if final == "A":
            self.row = max(self.row - count, 0)
        elif final == "B":
            self.row = min(self.row + count, ROWS - 1)
        elif final == "C":
            self.column = min(self.column + count, COLUMNS - 1)
        elif final == "D":
            self.column = max(self.column - count, 0)
        elif final == "G":
            self.column = count - 1
        elif final == "K":
            start = 0 if numbers[0] else self.column
            end = self.column if numbers[0] == 1 else COLUMNS
            self.cells[self.row][start:end] = self.blank()[start:end]
        elif final == "J":
            self.cells[self.row][self.column:] = self.blank()[self.column:]
            self.cells[self.row + 1:] = [self.blank() for _ in range(self.row + 1, ROWS)]
        elif final == "m":
            for number in numbers:
                self.paint(number)

    def paint(self, number):
        if number == 0:
            self.style = ""
        elif number in (1, 2):
            self.style = " ".join([self.style, "bd"[number - 1]]).strip()
        elif number // 10 in (3, 9):
            kept = [name for name in self.style.split() if not name.startswith("c")]
            self.style = " ".join(kept + ([f"c{number % 10}"] if number % 10 < 8 else []))

    def rows(self):
        return tuple(tuple(row) for row in self.cells)


def record(program):
    """The frames of the session: when each began, and its rows."""
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        for part in ("2023", "export", "phone"):
            shutil.copytree(REPOSITORY / "fixtures/library" / part, folder / "Pictures" / part)
        (folder / "bin").mkdir()
        (folder / "bin/clean-backup").symlink_to(program)
        environment = {
            "PATH": f"{folder}/bin:/usr/bin:/bin", "HOME": str(folder), "TERM": "xterm-256color",
            "LC_ALL": "C.UTF-8", "PS1": "$ ", "INPUTRC": "/dev/null",
        }
        child, terminal = pty.fork()
        if child == 0:
            os.chdir(folder)
            os.execve("/bin/bash", ["bash", "--norc", "--noprofile", "-i"], environment)
        fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
        screen, frames, seen = Screen(), [], ""
        start = time.monotonic()

        def watch(seconds, until=None):
            nonlocal seen
            end = time.monotonic() + seconds
            while (left := end - time.monotonic()) > 0 and not (until and until in seen):
                if not select.select([terminal], [], [], left)[0]:
                    continue
                text = os.read(terminal, 65536).decode(errors="replace")
                seen += text
                screen.feed(text)
                now = time.monotonic() - start
                if frames and now - frames[-1][0] < FRAME:
                    now = frames.pop()[0]
                frames.append((now, screen.rows()))
            if until and until not in seen:
                sys.exit(f"{until!r} never came:\n{seen}")

        watch(10, until="$ ")
        watch(1.0)
        for keys, awaited, pause in STEPS:
            for key in keys:
                if key == "\r":
                    watch(0.4)
                    seen = ""
                os.write(terminal, key.encode())
                watch(KEY)
            watch(60, until=awaited)
            watch(pause)
        length = time.monotonic() - start
        os.close(terminal)
        os.waitpid(child, 0)
        return frames, length


def row_as_text(row):
    """The spans of a row, without the blanks at its end."""
    spans, text = [], "".join(character for character, _ in row).rstrip()
    for character, style in row[: len(text)]:
        if spans and spans[-1][0] == style:
            spans[-1][1] += character
        else:
            spans.append([style, character])
    parts = [(style, html.escape(part, quote=False)) for style, part in spans]
    return "".join(f'<tspan class="{style}">{part}</tspan>' if style else part
                   for style, part in parts), len(text)


def animation(frames, length):
    height, width = ROWS * HEIGHT, COLUMNS * WIDTH
    defined, film, times = {}, [], []
    for number, (begins, rows) in enumerate(frames):
        uses = []
        for line, row in enumerate(rows):
            text, columns = row_as_text(row)
            if columns:
                name = defined.setdefault(text, (len(defined), columns))[0]
                uses.append(f'<use href="#r{name}" y="{number * height + line * HEIGHT}"/>')
        film.append("".join(uses))
        times.append(f"{100 * begins / length:.2f}%{{transform:translateY(-{number * height}px)}}")
    texts = "\n".join(
        f'<text id="r{name}" y="13" textLength="{columns * WIDTH:.1f}">{text}</text>'
        for text, (name, columns) in defined.items())
    colours = "".join(f".c{number}{{fill:{colour}}}" for number, colour in enumerate(COLOURS))
    last = (len(frames) - 1) * height
    outer_width, outer_height = width + 2 * MARGIN, height + 2 * MARGIN
    return f"""<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {outer_width:.0f} {outer_height}" \
width="{outer_width:.0f}" height="{outer_height}" role="img">
<title>Duplicates are shown, moved aside, and moved back</title>
<style>
text{{font:13px ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;fill:#dcdfe4;white-space:pre}}
.b{{font-weight:bold}}.d{{opacity:.6}}{colours}
.film{{animation:film {length:.1f}s steps(1,end) infinite}}
@keyframes film{{0%{{transform:none}}{"".join(times)}}}
@media(prefers-reduced-motion:reduce){{.film{{animation:none;transform:translateY(-{last}px)}}}}
</style>
<defs>
{texts}
</defs>
<rect width="100%" height="100%" rx="8" fill="#1e2127"/>
<svg x="{MARGIN}" y="{MARGIN}" width="{width:.0f}" height="{height}"><g class="film">
{chr(10).join(film)}
</g></svg>
</svg>
"""


if __name__ == "__main__":
    program = Path(sys.argv[1] if sys.argv[1:] else REPOSITORY / "target/release/clean-backup")
    Path(__file__).with_name("tour.svg").write_text(animation(*record(program.resolve())))
