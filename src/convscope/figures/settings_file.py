"""The settings of matplotlib in the current folder, which it reads when it is imported."""

import contextlib
import os
from pathlib import Path

NAME = "matplotlibrc"


def ignore_settings_file() -> None:
    """Import matplotlib from elsewhere if the current folder has settings for it, which may be anything, such as a pipe.

    For processes of convscope's own, at their start, since it changes the folder for a moment.
    """
    if os.path.lexists(NAME):
        with contextlib.chdir(Path(__file__).parent):
            import matplotlib as mpl  # noqa: F401
