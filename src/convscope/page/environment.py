"""What the pages share: template environments, style sheets, embedded images and the scale of an axis."""

import base64
import contextlib
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from math import inf
from pathlib import Path
from typing import Any

import numpy as np
from jinja2 import Environment, FileSystemBytecodeCache, FileSystemLoader, StrictUndefined
from jinja2.bccache import Bucket
from markupsafe import Markup

from .._version import __version__
from ..figures.png import png_bytes
from ..types import Images
from .csp import content_security_policy

TEMPLATES, CSS = (Path(__file__).with_name(name) for name in ("templates", "css"))
DOTS_PER_INCH = 96.0
AXIS_LENGTH = 1000
MARGIN = 0.06
"""Share of an axis' range that stays free at both ends."""
MIN_MARGIN = 5e-5
"""Half a hundredth of a percentage point: intervals of two perfect networks would otherwise have no range at all."""


class CompiledTemplates(FileSystemBytecodeCache):
    """Compiled templates beside the sources, like Python's ``.pyc`` files; compiling again takes 0.15 s per page."""

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Write a template, unless the package is installed where the user cannot write, or Python writes no ``.pyc`` files."""
        if sys.dont_write_bytecode:
            return
        with contextlib.suppress(OSError):
            Path(self.directory).mkdir(exist_ok=True)
            super().dump_bytecode(bucket)


def make_environment(**names: Any) -> Environment:
    """Return a Jinja environment with ``names`` as its globals."""
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True,
        bytecode_cache=CompiledTemplates(str(TEMPLATES / "__pycache__")),
    )  # fmt: skip
    environment.globals.update(names)
    return environment


def read_styles(names: Iterable[str]) -> str:
    """Return the style sheets in ``css/`` as one text."""
    return "\n".join((CSS / f"{name}.css").read_text("utf-8") for name in names)


def render_without_script(name: str, environment: Environment, **values: Any) -> str:
    """Return the page of the template ``name`` with no script, its style sheet on top of those of the run and the comparison."""
    style = check_style(read_styles(dict.fromkeys(("base", "comparison", name))))
    return environment.get_template(f"{name}.html").render(
        policy=content_security_policy([], [style]),
        style=Markup(style),  # noqa: S704 - ours, and checked above
        version=__version__,
        **values,
    )


def check_style(style: str) -> str:
    """Return ``style`` unchanged; raise ``ValueError`` if it would end its own HTML element."""
    if "</style" in style.lower():
        raise ValueError("A style sheet must not contain '</style': it would end the HTML element. Remove it.")
    return style


def image_data_uri(image: Images) -> str:
    """Return ``image`` (h, w, c) as a ``data:`` URI of a PNG file: the first three channels, or the first one as grey."""
    rgb = image[..., :3] if image.shape[2] >= 3 else np.repeat(image[..., :1], 3, axis=2)
    content = png_bytes(np.ascontiguousarray(rgb), dots_per_inch=DOTS_PER_INCH, title="")
    return f"data:image/png;base64,{base64.b64encode(content).decode('ascii')}"


def picture_tile(image: Images, side: int, most: float = inf) -> dict[str, Any]:
    """Return source and CSS size of ``image`` (h, w, c): enlarged by a whole factor up to ``side``, or shrunk to ``most``."""
    height, width = image.shape[:2]
    scale = max(1, side // max(height, width)) * min(1.0, most / max(height, width))
    return {"source": image_data_uri(image), "width": round(width * scale), "height": round(height * scale)}


@dataclass(frozen=True)
class AxisScale:
    """An axis from ``low`` to ``high``, 1,000 units long."""

    low: float
    high: float

    def at(self, value: float) -> float:
        """Return the position of ``value``, from 0 to 1,000; values outside the axis are moved to its ends."""
        position = AXIS_LENGTH * (value - self.low) / (self.high - self.low)
        return round(min(max(position, 0.0), AXIS_LENGTH), 1)

    def length(self, low: float, high: float) -> float:
        """Return the length of the interval from ``low`` to ``high``."""
        return round(self.at(high) - self.at(low), 1)


def accuracy_scale(values: Iterable[float]) -> AxisScale:
    """Return an axis that shows all ``values`` (accuracies and ends of intervals) and does not leave 0 to 1."""
    shown = list(values)
    low, high = min(shown), max(shown)
    margin = max(MARGIN * (high - low), MIN_MARGIN)
    return AxisScale(max(0.0, low - margin), min(1.0, high + margin))


def difference_scale(values: Iterable[float]) -> AxisScale:
    """Return an axis that shows all ``values`` (differences and ends of intervals), with zero in the middle."""
    reach = max((1 + MARGIN) * max(map(abs, values)), MIN_MARGIN)
    return AxisScale(-reach, reach)
