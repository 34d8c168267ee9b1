"""The browser of whoever runs convscope."""

import webbrowser
from pathlib import Path

from ..types import PathLike


def open_in_browser(page: PathLike) -> bool:
    """Open a file, and return whether a browser could be started."""
    return webbrowser.open(Path(page).resolve().as_uri())
