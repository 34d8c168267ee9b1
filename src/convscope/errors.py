"""Everything that convscope raises on purpose.

    ConvscopeError
    ├── DatasetError      (ValueError)       data unknown, damaged or unusable
    ├── PictureError      (ValueError)       a picture that cannot be read
    ├── ShapeError        (ValueError)       an array of the wrong shape or dtype
    ├── ConfigError       (ValueError)       an unknown name or an impossible setting
    ├── RunError          (ValueError)       a run folder that is damaged or unfinished
    │   └── RunExistsError (FileExistsError) a run folder that would be overwritten
    ├── OutputError       (OSError)          a file that cannot be written
    ├── MissingBackendError (ImportError)    Keras has nothing to compute with
    └── MissingExtraError (ImportError)      a library that an extra of ours would bring

One grammar for every message: what you passed, what was expected, what to do.
Each subclass also is the built-in that fits, so ``except ValueError`` keeps working.
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


class ConvscopeError(Exception):
    """Base of every error that is the user's to mend; the command line prints it in one sentence."""


class DatasetError(ConvscopeError, ValueError):
    """Data that is unknown, damaged or cannot be trained on."""


class PictureError(ConvscopeError, ValueError):
    """A picture that is missing, damaged, too large, or none; or several: one line each."""


class ShapeError(ConvscopeError, ValueError):
    """An array whose shape or dtype does not fit."""


class ConfigError(ConvscopeError, ValueError):
    """An unknown model or recipe, or a setting out of range."""


class RunError(ConvscopeError, ValueError):
    """A run folder that is missing, unfinished or damaged."""


class RunExistsError(RunError, FileExistsError):
    """A run folder that exists already and would be overwritten."""


class OutputError(ConvscopeError, OSError):
    """A file or folder that cannot be written."""


class ServiceError(ConvscopeError, OSError):
    """A port that is taken, or an address that is not this machine's."""


class MissingBackendError(ConvscopeError, ImportError):
    """Training was asked for and no back-end of Keras is installed."""


class MissingExtraError(ConvscopeError, ImportError):
    """A verb needs a library that is not installed; the message names the extra that brings it."""


def unknown_name(kind: str, given: str, known: Iterable[str]) -> str:
    """The sentence for a misspelt name: what came, the nearest known name, all known names."""
    known = sorted(known)
    near = get_close_matches(given.lower(), known, n=1, cutoff=0.6)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    return f"{kind} {given!r} is unknown.{hint} Choose one of: {', '.join(known)}."
