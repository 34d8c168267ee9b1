"""Errors that convscope raises on purpose, and how their messages are worded.

    ConvscopeError
    ├── DatasetError          (ValueError)       unknown, damaged or unusable data
    ├── PictureError          (ValueError)       an image file that cannot be read
    ├── ShapeError            (ValueError)       an array of the wrong shape or dtype
    ├── ConfigError           (ValueError)       an unknown name or an invalid setting
    ├── RunError              (ValueError)       a missing, unfinished or damaged run folder
    │   └── RunExistsError    (FileExistsError)  a run folder that would be overwritten
    ├── OutputError           (OSError)          a file that cannot be written
    ├── ServiceError          (OSError)          a port or address that cannot be used
    ├── MissingBackendError   (ImportError)      no Keras back-end is installed
    └── MissingExtraError     (ImportError)      an optional dependency is not installed

A message says what is wrong with which value, what is accepted, and what to do, in at most two sentences. It names arguments by
:func:`option`, which spells them as the caller does.
Each class also derives from the fitting built-in, so ``except ValueError`` works.
"""

import contextlib
import os
import re
from collections.abc import Iterable, Iterator
from difflib import get_close_matches

LONGEST_WORD = 400
NO_MEMORY = re.compile(
    "failed to map segment|allocat|bad.?alloc|start new thread|returned NULL without|^Error -4 while", re.IGNORECASE
)
"""What libraries say where memory, or a thread, is refused; the last is zlib's number for it."""
COMMAND_LINE = "_CONVSCOPE_COMMAND_LINE"
"""Environment variable that is set while the command line runs; processes that convscope starts inherit it."""


class ConvscopeError(Exception):
    """Base of all errors that the user can fix; the command line prints the message alone."""

    def __init__(self, message: str = "") -> None:
        """Shorten the words of ``message`` that no one reads to the end, such as a file name of 5,000 characters."""
        if len(message) > LONGEST_WORD:
            message = re.sub(rf"\S{{{LONGEST_WORD},}}", lambda found: f"{found[0][:100]}…{found[0][-40:]}", message)
        super().__init__(message)


class DatasetError(ConvscopeError, ValueError):
    """Unknown or damaged data, or data that cannot be trained on."""


class PictureError(ConvscopeError, ValueError):
    """An image file that cannot be read; the message lists several, one per line."""


class ShapeError(ConvscopeError, ValueError):
    """An array with the wrong shape or dtype."""


class ConfigError(ConvscopeError, ValueError):
    """An unknown name, or a setting out of range."""


class RunError(ConvscopeError, ValueError):
    """A run folder that is missing, unfinished or damaged."""


class RunExistsError(RunError, FileExistsError):
    """A run folder that exists and would be overwritten."""


class OutputError(ConvscopeError, OSError):
    """A file or folder that cannot be written."""


class ServiceError(ConvscopeError, OSError):
    """A port that is in use, or an address that this machine does not have."""


class MissingBackendError(ConvscopeError, ImportError):
    """Training needs a Keras back-end and none is installed."""


class MissingExtraError(ConvscopeError, ImportError):
    """A command needs an optional dependency; the message names the extra that installs it."""


@contextlib.contextmanager
def for_command_line() -> Iterator[None]:
    """Let :func:`option` spell arguments as on the command line."""
    before = os.environ.get(COMMAND_LINE)
    os.environ[COMMAND_LINE] = "1"
    try:
        yield
    finally:
        del os.environ[COMMAND_LINE]
        os.environ |= {} if before is None else {COMMAND_LINE: before}


def spelled(on_command_line: str, in_python: str) -> str:
    """Return the text for the caller."""
    return on_command_line if os.environ.get(COMMAND_LINE) else in_python


def option(name: str, value: object = None, *, python: str = "") -> str:
    """Return an argument as the caller spells it, such as ``--image-size`` or ``image_size``.

    With a ``value``, or a word in capitals for one: ``--engine auto`` or ``engine="auto"``, ``--out DIR`` or ``out=DIR``,
    ``--resume`` or ``resume=True``. ``python`` is the name in Python where it is another one.
    """
    flag, keyword = f"--{name.replace('_', '-')}", python or name
    match value:
        case None | True:
            return spelled(flag, keyword if value is None else f"{keyword}=True")
        case (low, high):
            return spelled(f"{flag} {low:g}..{high:g}", f"{keyword}=({low:g}, {high:g})")
        case str():
            return spelled(f"{flag} {value}", f"{keyword}={value}" if value.isupper() else f'{keyword}="{value}"')
    return spelled(f"{flag} {value:g}", f"{keyword}={value:g}")


def reason_of(error: BaseException) -> str:
    """Return why an operation failed, on one line and ready to stand inside a sentence."""
    reason = getattr(error, "strerror", None) or str(error).strip() or type(error).__name__
    plain = re.sub(r"\x1b\[[\d;]*m", "", str(reason))  # Keras writes in bold
    text = " ".join(plain.split())[:160].rstrip(".")
    # Acronyms such as CRC keep their capitals, and so do the names of exceptions.
    return text[:1].lower() + text[1:] if text[1:2].islower() and reason != type(error).__name__ else text


def is_short_of_memory(error: BaseException) -> bool:
    """Return whether memory, or a thread, was refused: libraries say so in exceptions of many kinds."""
    # Those of convscope say what is wrong, of files of any name.
    is_own = isinstance(error, ConvscopeError)
    return isinstance(error, MemoryError) or (not is_own and NO_MEMORY.search(str(error)) is not None)


def nearest_name(given: str, known: Iterable[str]) -> str | None:
    """Return the name in ``known`` that ``given`` is probably meant to be, whatever its capitals; None if none is near."""
    # A number is never nearly another one.
    folded = {name.casefold(): name for name in known if any(map(str.isalpha, name))}
    return next((folded[near] for near in get_close_matches(given.casefold(), folded, n=1)), None)


def unknown_name(kind: str, given: object, known: Iterable[str], *, meant: str | None = None) -> str:
    """Return the message for an unknown name, with the name that is ``meant`` or else closest, and all known names."""
    known = sorted(known)
    near = [meant] if meant else get_close_matches(str(given).lower(), known, n=1, cutoff=0.6)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    return f"{kind} {given!r} is unknown.{hint} Choose one of: {', '.join(known)}."
