"""Where convscope keeps what was fetched: the user's cache, as the XDG base directories have it."""

from __future__ import annotations

import os
from pathlib import Path

from ..errors import DatasetError


def cache_folder() -> Path:
    """``$XDG_CACHE_HOME/convscope``, by default ``~/.cache/convscope``. It need not exist.

    Raises :class:`DatasetError` where nobody knows where the user's home is.
    """
    named = os.environ.get("XDG_CACHE_HOME", "")
    if Path(named).is_absolute():  # relative ones are to be ignored, says the standard
        return Path(named) / "convscope"
    try:
        return Path.home() / ".cache" / "convscope"
    except RuntimeError as error:
        raise DatasetError(
            "neither XDG_CACHE_HOME nor HOME says where a cache can be; one of them was expected. Set XDG_CACHE_HOME to a folder."
        ) from error
