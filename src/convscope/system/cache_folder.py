"""The user's cache, the only folder that convscope writes to beside runs and temporary files."""

import os
from pathlib import Path

from ..errors import DatasetError


def cache_folder() -> Path:
    """Return ``$XDG_CACHE_HOME/convscope`` or ``~/.cache/convscope``, which may not exist."""
    named = os.environ.get("XDG_CACHE_HOME", "")
    if Path(named).is_absolute():  # the specification says to ignore relative paths
        return Path(named) / "convscope"
    try:
        return Path.home() / ".cache" / "convscope"
    except RuntimeError as error:
        raise DatasetError(
            "there is no folder for a cache, because neither XDG_CACHE_HOME nor HOME is set. Set XDG_CACHE_HOME to a folder."
        ) from error
