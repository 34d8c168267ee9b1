"""What a notebook shows by itself: progress on one line, figures side by side, the page in a frame."""

from __future__ import annotations

import sys
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from ..data.read_options import DatasetChecked, DatasetLoaded, ReadProgress
from ..errors import OutputError, unknown_name
from ..formatting import percent, printable
from ..runs import run_folder
from ..system.browser import open_in_browser
from ..training.events import Event, Listener, TrainProgress, epoch_name, epoch_state, read_state, remarks

if TYPE_CHECKING:
    from ..figures.figure import Illustration

WIDTH = 100
"""Characters of a line of progress."""


class Figures(dict[str, "Illustration"]):
    """The figures of a run by name; a notebook shows all of them."""

    def __missing__(self, name: object) -> Illustration:
        raise KeyError(unknown_name("figure", name, self))

    def _repr_html_(self) -> str:
        return "".join(figure._repr_html_() for figure in self.values())

    def __repr__(self) -> str:
        return f"Figures({', '.join(self)})"


class PageFrame:
    """A page in a frame of a notebook; it holds the whole page, so that the notebook can be sent without it."""

    def __init__(self, page: Path, height: int) -> None:
        self._page, self._height, self._content = page, height, run_folder.read_if_unchanged(page) or b""

    def _repr_html_(self) -> str:
        content = escape(self._content.decode())
        return f'<iframe srcdoc="{content}" style="width: 100%; height: {self._height}px; border: 0"></iframe>'

    def __repr__(self) -> str:
        return f"PageFrame({str(self._page)!r})"


def in_notebook() -> bool:
    """Return whether this process is the kernel of a notebook."""
    return "ipykernel" in sys.modules


def show_page(page: Path, height: int) -> PageFrame | None:
    """Return a frame for a notebook; elsewhere open the page in a browser, or raise OutputError."""
    if in_notebook():
        return PageFrame(page, height)
    if not open_in_browser(page):
        raise OutputError(f"no browser could be started. Open {str(page)!r} in one.")
    return None


def default_progress() -> Listener | None:
    """Return a listener that writes one line where somebody reads along; None elsewhere.

    Notebooks show standard error in red, as if something had failed.
    """
    if not in_notebook() and not (sys.stderr and sys.stderr.isatty()):
        return None

    def listen(event: Event) -> None:
        if isinstance(event, ReadProgress):
            _write(f"{event.step}: {read_state(event)}")
        elif isinstance(event, DatasetLoaded | DatasetChecked):
            for remark in remarks(event):
                _write(remark, end="\n")
        elif isinstance(event, TrainProgress):
            done = percent(event.images_done / event.num_images, 0)
            _write(f"{epoch_name(event)}, {done}  {epoch_state(event)}", end="\n" if event.record else "")

    return listen


def _write(text: str, end: str = "") -> None:
    stream = sys.stdout if in_notebook() else sys.stderr
    stream.write("\r" + printable(text).ljust(WIDTH) + end)
    stream.flush()
