"""A run's figures, drawn by two processes: matplotlib needs the interpreter all the time, so that threads would not help.

The second process starts anew, knows only the run folder, and writes nothing: it hands what it drew to the first. It costs
about 0.6 s of its own, mostly imports. Where it fails, for whatever reason, the first draws everything itself.
"""

from __future__ import annotations

import base64
import contextlib
import gc
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from .analysis.record import RunRecord

if TYPE_CHECKING:
    from .figures.illustration import Drawing, Illustration

MOST = 1000
ALL, EVERY_OTHER = range(MOST), range(1, MOST, 2)
"""Positions, of however many there are."""
PATIENCE = 120.0
"""Seconds until a second process that does not answer is given up."""


@dataclass(frozen=True)
class Drawn:
    """A figure as what is kept of it: two files, and what a page embeds."""

    drawing: Drawing
    svg: str
    png: bytes


class SecondProcess:
    """Draws some figures of the record that is saved in ``folder``, while the caller does something else.

    ``positions``: which ones, as far as there are so many.
    """

    def __init__(self, folder: Path, positions: range) -> None:
        self.positions = positions
        words = [sys.executable, "-P", "-m", __name__, str(folder), str(positions.start), str(positions.step)]
        self._output = tempfile.TemporaryFile()  # noqa: SIM115 - a pipe would fill up and stop the process
        self._process: subprocess.Popen[bytes] | None = None
        with contextlib.suppress(OSError):  # no interpreter by that name, or no room for a second process
            self._process = subprocess.Popen(  # noqa: S603 - ourselves
                words, stdin=subprocess.DEVNULL, stdout=self._output, stderr=subprocess.DEVNULL
            )

    def drawn(self) -> dict[int, Drawn]:
        """By position. Waits until all are drawn; empty where the process failed."""
        if self._process is None:
            return {}
        try:
            self._process.wait(PATIENCE)
            self._output.seek(0)
            return {int(each["position"]): _read(each) for each in map(json.loads, self._output)}
        except (subprocess.TimeoutExpired, ValueError, KeyError, TypeError):
            return {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
        self._output.close()


def draw_all(record: RunRecord, second: SecondProcess) -> Iterator[Drawn]:
    """Every figure of ``record`` in order: those that ``second`` was not asked for are drawn here, meanwhile."""
    from .figures.gallery import drawers

    draw = drawers(record)
    here = {number: _drawn(each()) for number, each in enumerate(draw) if number not in second.positions}
    there = second.drawn() if len(here) < len(draw) else {}
    for number, each in enumerate(draw):
        yield here.get(number) or there.get(number) or _drawn(each())


def _drawn(illustration: Illustration) -> Drawn:
    from .figures.rendering import to_drawing, to_png, to_svg

    svg = to_svg(illustration)
    return Drawn(to_drawing(illustration, svg), svg, to_png(illustration))


def _read(words: dict[str, Any]) -> Drawn:
    from .figures.illustration import Drawing

    return Drawn(Drawing(**words["drawing"]), words["svg"], base64.b64decode(words["png"]))


def _main(folder: str, start: str, step: str) -> None:
    from . import archive
    from .figures.gallery import drawers

    gc.disable()
    draw = drawers(archive.load_record(Path(folder)))
    for position in range(len(draw))[int(start) :: int(step)]:
        each = _drawn(draw[position]())
        png = base64.b64encode(each.png).decode("ascii")
        words = {"position": position, "drawing": asdict(each.drawing), "svg": each.svg, "png": png}
        sys.stdout.write(f"{json.dumps(words)}\n")


if __name__ == "__main__":
    _main(*sys.argv[1:])
