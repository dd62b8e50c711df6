"""Standard output and error that a closed terminal, a full disk or an old locale cannot break.

What a command does, and its exit status, must not hang on whether somebody still reads what it prints.
"""

import errno
import io
import os
import sys
from typing import TYPE_CHECKING, TextIO

from agent.errors import StateError

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer


class Outlet(io.FileIO):
    """One of our standard streams; once it cannot be written, what comes is thrown away."""

    trouble = ""  # why it could not be written; a reader who has gone away is no trouble

    def write(self, content: "ReadableBuffer") -> int:
        """Write what can be written."""
        try:
            return super().write(content)
        except OSError as error:
            if error.errno != errno.EPIPE:
                self.trouble = error.strerror or str(error)
            with open(os.devnull, "wb") as nowhere:  # noqa: PTH123
                os.dup2(nowhere.fileno(), self.fileno())
            return memoryview(content).nbytes


def open_closed_streams() -> None:
    """Give a closed standard stream to nobody, so that no file of ours takes its number."""
    while (handle := os.open(os.devnull, os.O_RDWR)) <= 2:
        continue
    os.close(handle)


def outlet(number: int, stream: TextIO | None) -> TextIO:
    """`stream`, made sturdy; it stands on the descriptor `number`."""
    encoding = stream.encoding if stream else "utf-8"
    raw = Outlet(number, "wb", closefd=False)
    return io.TextIOWrapper(
        io.BufferedWriter(raw), encoding, "backslashreplace", line_buffering=number == 2 or raw.isatty()
    )


def require_written() -> None:
    """StateError when standard output did not take everything."""
    sys.stdout.flush()
    raw = getattr(getattr(sys.stdout, "buffer", None), "raw", None)
    if isinstance(raw, Outlet) and raw.trouble:
        raise StateError(
            f"Standard output cannot be written: {raw.trouble}.", "Make room, or send the output elsewhere."
        )
