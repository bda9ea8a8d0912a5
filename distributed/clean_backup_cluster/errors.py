"""What goes wrong in ways that a user can do something about."""

from __future__ import annotations

import re

# Engines wrap an error of a task in a text of their own; between these marks stands ours.
_BEGIN, _END = "[[clean-backup: ", " :clean-backup]]"
_MARKED = re.compile(re.escape(_BEGIN) + "(.*?)" + re.escape(_END), re.DOTALL)


class ClusterError(Exception):
    """Something failed; the message says what, in one line."""

    exit_code = 4


class RefusedError(ClusterError):
    """What was asked for is not done: another version, an empty volume, a table in use."""

    exit_code = 3


class UsageError(ClusterError):
    """The command line makes no sense."""

    exit_code = 2


class KernelError(Exception):
    """A kernel failed in a task; its text survives the engine's wrapping."""

    def __init__(self, message: str) -> None:
        """Marks the message, so that `told_by` finds it again."""
        super().__init__(f"{_BEGIN}{message}{_END}")


def told_by(error: BaseException) -> str | None:
    """The message of the `KernelError` that an engine's error was raised for."""
    found = _MARKED.search(str(error))
    return found.group(1) if found else None
