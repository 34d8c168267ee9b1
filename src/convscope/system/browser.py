"""The browser of whoever runs convscope."""

import os
import webbrowser
from pathlib import Path

from ..types import PathLike


def open_in_browser(page: PathLike) -> bool:
    """Open a file or an address that begins with ``http://``, and return whether a browser could be started."""
    is_address = os.fspath(page).startswith("http://")
    return webbrowser.open(os.fspath(page) if is_address else Path(page).resolve().as_uri())
