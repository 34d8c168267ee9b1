"""Standard output and standard error as they are: in any encoding, closed or full, they never cost a command its work.

What an encoding lacks is written in ASCII. What cannot be written is dropped; the exit status says so at the end. Whatever is
written, names and notes from other people's files included, is text alone: control and escape characters and marks that turn
the direction of writing are spelt as in JSON.
"""

import codecs
import io
import json
import os
import select
import sys
from typing import Any, TextIO

from ..formatting import JOINERS, printable

HANDLER = "convscope"
IN_ASCII = {
    "–": "-", "−": "-", "—": "-", "…": "...", "→": "->", "×": "x", "·": ".", "±": "+/-", "≤": "<=", "≥": ">=", "≈": "~", "ε": "eps",
    "“": '"', "”": '"', "‘": "'", "’": "'", "\N{NO-BREAK SPACE}": " ", "░": ".", "▒": "o", "▓": "O", "█": "#", "─": "-",
}  # fmt: skip


KEPT = "\n\t\u00a0\u1680\u202f\u205f\u3000" + "".join(map(chr, range(0x2000, 0x200B))) + JOINERS
"""Line ends, tabs and blanks of every width."""


def printable_text(text: str) -> str:
    """Return ``text`` with everything spelt that a terminal would obey instead of showing it."""
    return text if text.replace("\n", "").isprintable() else printable(text, KEPT)


class OwnCodes:
    """Standard error for the control codes of our own progress bars; the texts in them must be printable."""

    def __init__(self) -> None:
        self._stream = sys.stderr

    def write(self, text: str) -> int:
        """Write ``text`` as it is."""
        return type(self._stream).write(self._stream, text)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


class LastingOutput(io.FileIO):
    """Standard output or error, which drops everything after the first failure."""

    failure: OSError | None = None

    def write(self, content: Any) -> int:
        """Write ``content``; return its length if it was dropped."""
        while self.failure is None:
            try:
                if (written := super().write(content)) is not None:
                    return written
                select.select([], [self], [])  # a pipe that is full for the moment, of a parent that does not wait
            except OSError as error:
                self.failure = error
        return len(content)


def prepare_streams() -> None:
    """Let standard output and standard error write any text, and outlast a disk that is full or a reader that has gone."""
    codecs.register_error(HANDLER, _in_ascii)
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:  # closed: the next file would get its number, and what libraries print would go there
            os.open(os.devnull, os.O_RDWR)
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:  # whatever is written is lost, and counts so
            stream = open(os.open(os.devnull, os.O_RDONLY), "w", closefd=False)  # noqa: SIM115 - as long as the process
        if isinstance(stream, io.TextIOWrapper):
            # Click would write UTF-8 around a stream that says ASCII.
            is_ascii = codecs.lookup(stream.encoding).name == "ascii"
            stream.reconfigure(encoding="utf-8" if is_ascii else None, errors=HANDLER)
            if type(getattr(stream.buffer, "raw", stream.buffer)) is io.FileIO:
                raw = LastingOutput(stream.fileno(), "w", closefd=False)
                lasting = io.TextIOWrapper(
                    io.BufferedWriter(raw), stream.encoding, HANDLER, line_buffering=stream.line_buffering
                )
                setattr(sys, name, lasting)
        _write_text_alone(getattr(sys, name))


def _write_text_alone(stream: TextIO) -> None:
    def write(text: str) -> int:
        return type(stream).write(stream, printable_text(text))

    if isinstance(stream, io.TextIOWrapper):  # others, such as a notebook's, show their text in their own way
        stream.write = write  # type: ignore[method-assign]


def failure_of_output() -> OSError | None:
    """Return why standard output is incomplete, if it is and its reader did not just leave, as ``head`` does."""
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    failure = getattr(getattr(getattr(sys.stdout, "buffer", None), "raw", None), "failure", None)
    return None if isinstance(failure, BrokenPipeError) else failure


def lacks_unicode() -> bool:
    """Return whether standard output cannot write every character."""
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    return not codecs.lookup(encoding).name.startswith("utf")


def _in_ascii(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return "".join(IN_ASCII.get(each) or json.dumps(each)[1:-1] for each in error.object[error.start : error.end]), error.end
