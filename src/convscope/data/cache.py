"""The user's cache folder, by the XDG base directory specification."""

from __future__ import annotations

import os
from pathlib import Path

from ..errors import DatasetError


def cache_folder() -> Path:
    """Return ``$XDG_CACHE_HOME/convscope`` or ``~/.cache/convscope``, which may not exist.

    Raises:
        DatasetError: Neither the variable nor the home folder is set.
    """
    named = os.environ.get("XDG_CACHE_HOME", "")
    if Path(named).is_absolute():  # the specification says to ignore relative paths
        return Path(named) / "convscope"
    try:
        return Path.home() / ".cache" / "convscope"
    except RuntimeError as error:
        raise DatasetError(
            "there is no place for a cache, because neither XDG_CACHE_HOME nor HOME is set. Set XDG_CACHE_HOME to a folder."
        ) from error
