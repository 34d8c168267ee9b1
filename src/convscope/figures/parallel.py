"""The figures of a run, drawn by two processes in parallel.

Matplotlib holds the interpreter lock, so threads would not help. The second process is a new interpreter that loads the
run folder, writes no files and sends its figures to the first; it costs about 0.6 s, mostly for imports. If it fails,
the first process draws all figures.
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

from ..runs.record import RunRecord
from ..system.isolation import isolate_process
from .theme import ignore_settings_file

if TYPE_CHECKING:
    from .figure import Drawing, Illustration

MAX_FIGURES = 1000
ALL, EVERY_OTHER = range(MAX_FIGURES), range(1, MAX_FIGURES, 2)
"""Positions of figures; positions that a run does not have are ignored."""
TIMEOUT = 120.0  # seconds


@dataclass(frozen=True)
class Drawn:
    """A finished figure: the contents of its two files, and the drawing that the page embeds."""

    drawing: Drawing
    svg: str
    png: bytes


class SecondProcess:
    """A background process that draws the figures at ``positions`` of a saved run."""

    def __init__(self, folder: Path, positions: range) -> None:
        self.positions = positions
        command = [sys.executable, "-P", "-m", __name__, str(folder), str(positions.start), str(positions.step)]
        self._output = tempfile.TemporaryFile()  # noqa: SIM115 - a pipe would fill up and stop the process
        self._process: subprocess.Popen[bytes] | None = None
        with contextlib.suppress(OSError):  # no such interpreter, or not enough memory for a second process
            self._process = subprocess.Popen(  # noqa: S603 - ourselves
                command, stdin=subprocess.DEVNULL, stdout=self._output, stderr=subprocess.DEVNULL
            )

    def drawn(self) -> dict[int, Drawn]:
        """Wait for the process and return its figures by position; empty if it failed."""
        if self._process is None:
            return {}
        try:
            self._process.wait(TIMEOUT)
            self._output.seek(0)
            return {int(each["position"]): _parse(each) for each in map(json.loads, self._output)}
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
    """Yield every figure of ``record`` in order, drawing those that ``second`` does not."""
    # `convscope train` imports this module at its start; matplotlib, half a second, can wait until the end of the training.
    from .gallery import drawers

    draw = drawers(record)
    here = {number: _render(each()) for number, each in enumerate(draw) if number not in second.positions}
    there = second.drawn() if len(here) < len(draw) else {}
    for number, each in enumerate(draw):
        yield here.get(number) or there.get(number) or _render(each())


def _render(illustration: Illustration) -> Drawn:
    from .figure import to_drawing, to_png, to_svg  # matplotlib, as above

    svg = to_svg(illustration)
    return Drawn(to_drawing(illustration, svg), svg, to_png(illustration))


def _parse(fields: dict[str, Any]) -> Drawn:
    from .figure import Drawing  # matplotlib, as above

    return Drawn(Drawing(**fields["drawing"]), fields["svg"], base64.b64decode(fields["png"]))


def _main(folder: str, start: str, step: str) -> None:
    from ..runs import store  # only the second process reads the run
    from .gallery import drawers  # matplotlib, as above

    gc.disable()
    draw = drawers(store.load_record(Path(folder)))
    for position in range(len(draw))[int(start) :: int(step)]:
        each = _render(draw[position]())
        png = base64.b64encode(each.png).decode("ascii")
        fields = {"position": position, "drawing": asdict(each.drawing), "svg": each.svg, "png": png}
        sys.stdout.write(f"{json.dumps(fields)}\n")


if __name__ == "__main__":
    isolate_process()
    ignore_settings_file()
    _main(*sys.argv[1:])
