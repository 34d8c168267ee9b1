"""The network: its layers drawn to scale, and the cost of each."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection

from ..formatting import count_of
from ..models.network import Layer, Network, Shape
from ..models.receptive_field import WINDOWED, window
from ..models.summary import LayerRow, LayerTable, layer_table
from .canvas import FigureCanvas, in_theme, text_width
from .figure import Illustration
from .text import label, rounded_share, size
from .theme import ACCENT, BACKGROUND, INK, MUTED, RULE, SMALL_SIZE, TINY_SIZE

DEPTH = 0.35
"""Factor by which depths are shortened, as in an oblique projection."""
BAR, MIN_BAR, MIN_DEPTH = 0.13, 0.03, 0.02
"""In inches: width and smallest height of a layer without rows and columns, and smallest depth."""
Points = list[tuple[float, float]]


@dataclass(frozen=True)
class Body:
    """The input (``number`` 0) or the output of layer ``number``."""

    number: int
    name: str
    shape: Shape
    layer: Layer | None

    @property
    def is_flat(self) -> bool:
        return len(self.shape) < 2

    @property
    def face(self) -> tuple[int, int, int]:
        """Rows, columns and channels; a sequence (length, channels) has one column."""
        rows, *columns, channels = self.shape
        return rows, columns[0] if columns else 1, channels

    def extent(self, scale: float) -> tuple[float, float]:
        """Return width and height at ``scale`` inches per pixel; bars have a scale of their own."""
        if self.is_flat:
            return BAR, 0.0
        rows, columns, channels = self.face
        return (columns + DEPTH * channels) * scale, (rows + DEPTH * channels) * scale


@dataclass(frozen=True)
class Placed:
    """A body with the position and size of its front face and its depth, in inches from the top left."""

    body: Body
    middle: float
    left: float
    top: float
    width: float
    height: float
    depth: float


def bodies(network: Network) -> tuple[Body, ...]:
    """Return the input, and the output of each layer that changes the shape or has weights, as far as there are no branches."""
    found = [Body(0, "input", network.input_shape, None)]
    for number, layer in enumerate(network.layers, start=1):
        if layer.inputs:
            break
        if layer.output_shape != found[-1].shape or "kernel" in layer.weights:
            found.append(Body(number, layer.name, layer.output_shape, layer))
    return tuple(found)


def placed(chain: tuple[Body, ...], width: float, height: float) -> tuple[Placed, ...]:
    """Place every body in a strip, at the largest scale at which all fit."""
    slot = min(0.9, width / len(chain))
    gap = min(0.3, slot / 3)
    for scale in np.geomspace(1.0, 1e-5, 200):
        extents = [body.extent(float(scale)) for body in chain]
        slots = [max(slot, extent[0] + gap) for extent in extents]
        if sum(slots) <= width + 1e-9 and max(extent[1] for extent in extents) <= height:
            break
    unit = height / max([body.shape[0] for body in chain if body.is_flat and body.shape] or [1])
    spare = (width - sum(slots)) / len(slots)
    results, left = [], 0.0
    for body, space in zip(chain, slots, strict=True):
        results.append(_place(body, left + (space + spare) / 2, height, (float(scale), unit)))
        left += space + spare
    return tuple(results)


def _place(body: Body, middle: float, height: float, scales: tuple[float, float]) -> Placed:
    scale, unit = scales
    if body.is_flat:
        tall = max(MIN_BAR, (body.shape[0] if body.shape else 1) * unit)
        return Placed(body, middle, middle - BAR / 2, (height - tall) / 2, BAR, tall, 0.0)
    rows, columns, channels = body.face
    whole_width, whole_height = body.extent(scale)
    depth = DEPTH * channels * scale
    depth = depth if channels > 1 and depth >= MIN_DEPTH else 0.0  # one channel is flat, not a box
    top = (height - whole_height) / 2 + depth
    return Placed(body, middle, middle - whole_width / 2, top, columns * scale, rows * scale, depth)


def draw_bodies(axes: Axes, chain: tuple[Placed, ...]) -> None:
    """Draw the bodies and their connections, on axes in inches with y pointing down."""
    fans = [_fan(a, b) for a, b in pairwise(chain) if b.body.is_flat]
    axes.add_collection(PolyCollection(fans, facecolor=RULE, edgecolor="none", alpha=0.45), autolim=False)
    faces = [_rectangle(each.left, each.top, each.width, each.height) for each in chain]
    sides = [side for each in chain if each.depth for side in _sides(each)]
    axes.add_collection(PolyCollection(sides, facecolor=RULE, edgecolor=INK, linewidth=0.7), autolim=False)
    axes.add_collection(PolyCollection(faces, facecolor=BACKGROUND, edgecolor=INK, linewidth=0.7), autolim=False)
    for number, (source, target) in enumerate(pairwise(chain)):
        if target.body.layer is not None and target.body.layer.kind in WINDOWED and not source.body.is_flat:
            _draw_window(axes, source, target, (0.3, 0.22) if number % 2 == 0 else (0.6, 0.8))


def _rectangle(left: float, top: float, width: float, height: float) -> Points:
    return [(left, top), (left + width, top), (left + width, top + height), (left, top + height)]


def _sides(place: Placed) -> list[Points]:
    left, right, top, bottom = place.left, place.left + place.width, place.top, place.top + place.height
    deep = place.depth
    return [
        [(left, top), (left + deep, top - deep), (right + deep, top - deep), (right, top)],
        [(right, top), (right + deep, top - deep), (right + deep, bottom - deep), (right, bottom)],
    ]


def _fan(source: Placed, target: Placed) -> Points:
    """Return the outline of full connections between two layers."""
    start = source.left + source.width + source.depth
    return [(start, source.top - source.depth), (target.left, target.top), (target.left, target.top + target.height),
            (start, source.top + source.height - source.depth)]  # fmt: skip


def _draw_window(axes: Axes, source: Placed, target: Placed, at: tuple[float, float]) -> None:
    """Draw the window of ``target``'s layer on its input and the unit that it computes; ``at`` is a position, 0 to 1."""
    # Callers alternate ``at``, so that a window does not cover the unit of the window before.
    layer = target.body.layer
    assert layer is not None
    tall, wide = (window(layer, axis)[0] for axis in (0, 1))
    pixel = source.width / source.body.face[1]
    left = source.left + at[0] * max(source.width - wide * pixel, 0)
    top = source.top + at[1] * max(source.height - tall * pixel, 0)
    shape = _rectangle(left, top, wide * pixel, tall * pixel)
    unit = (target.left + at[0] * target.width, target.top + at[1] * target.height)
    tinted = PolyCollection([shape], facecolor=ACCENT, edgecolor=ACCENT, alpha=0.55, linewidth=0.6)
    axes.add_collection(tinted, autolim=False)
    axes.plot([shape[1][0], unit[0], shape[2][0]], [shape[1][1], unit[1], shape[2][1]], color=ACCENT, linewidth=0.7)
    axes.plot([unit[0]], [unit[1]], color=ACCENT, marker="s", markersize=2.2)


STRIP_WIDTH, STRIP_HEIGHT, NAMES = 7.6, 1.75, 0.5
ROW, HEAD = 0.25, 0.3
NUMBER, LAYER, KIND, SHAPE = 0.12, 0.3, 1.75, 3.05
COSTS = ((4.85, "parameters"), (6.75, "multiply-adds"))
"""Right edge of the numbers of each cost; their bars start after it."""
BAR_WIDTH, FONT = 0.5, 9.0


@in_theme
def draw_model_diagram(network: Network) -> Illustration:
    """Draw those layers that change the shape to scale, up to the first branch, and all of them as rows of a table."""
    table = layer_table(network)
    title = _title(table)
    top = STRIP_HEIGHT + NAMES + 0.2
    canvas = FigureCanvas(title, top + HEAD + (len(table.rows) + 1) * ROW)
    chain = placed(bodies(network), STRIP_WIDTH, STRIP_HEIGHT)
    draw_bodies(canvas.shared_axes, chain)
    _write_names(canvas, chain)
    _write_head(canvas, top)
    for index, row in enumerate(table.rows):
        _write_row(canvas, top + HEAD + index * ROW, (index + 1, row), (table.num_parameters, table.multiply_adds))
    _write_total(canvas, top + HEAD + len(table.rows) * ROW, table)
    return Illustration(
        "model_diagram", title,
        "Faces are to scale in pixels, depths in channels, bars in units; a coloured square is the window of a convolution or "
        "pooling on its input. Multiply-adds are per image."
        + ("" if network.is_chain else " The drawing ends where branches part or join; the table has all layers."),
        f"Input {size(network.input_shape)}. " + " ".join(_in_words(number, row) for number, row in enumerate(table.rows, start=1)),
        canvas.figure,
    )  # fmt: skip


def _title(table: LayerTable) -> str:
    parameters, work = table.num_parameters, table.multiply_adds
    if not parameters or not work:
        return f"{count_of(len(table.rows), 'layer')} with {parameters:,} parameters and {work:,} multiply-adds per image"
    largest = max(table.rows, key=lambda row: row.num_parameters)
    busiest = max(table.rows, key=lambda row: row.multiply_adds)
    share, of_work = rounded_share(largest.num_parameters / parameters), rounded_share(busiest.multiply_adds / work)
    if largest is busiest:
        return (f"{label(largest.name, 30)} has {share} of the {parameters:,} parameters and {of_work} of the "
                f"{work:,} multiply-adds per image")  # fmt: skip
    return (f"{share} of the {parameters:,} parameters are in {label(largest.name, 30)}, but {of_work} of the "
            f"{work:,} multiply-adds per image are in {label(busiest.name, 30)}")  # fmt: skip


def _in_words(number: int, row: LayerRow) -> str:
    return (f"{number}. {label(row.name, 30)} ({row.kind}): output {size(row.output_shape)}, {row.num_parameters:,} parameters, "
            f"{row.multiply_adds:,} multiply-adds.")  # fmt: skip


def _write_names(canvas: FigureCanvas, chain: Sequence[Placed]) -> None:
    """Write number, name and shape below each layer, or the number alone where they would overlap."""
    available = STRIP_WIDTH / len(chain) * 0.97
    names = [label(place.body.name, 18) for place in chain]
    shapes = [size(place.body.shape) for place in chain]
    fits = max(text_width(text, TINY_SIZE + 0.5) for text in [*names, *shapes]) <= available
    for place, name, shape in zip(chain, names, shapes, strict=True):
        number = str(place.body.number) if place.body.number else ""
        canvas.text(place.middle, STRIP_HEIGHT + 0.16, number or ("" if fits else "in"), fontweight="bold", ha="center",
                    fontsize=SMALL_SIZE if fits else TINY_SIZE)  # fmt: skip
        if fits:
            canvas.text(place.middle, STRIP_HEIGHT + 0.3, name, fontsize=TINY_SIZE + 0.5, ha="center")
            canvas.text(place.middle, STRIP_HEIGHT + 0.43, shape, fontsize=TINY_SIZE + 0.5, color=MUTED, ha="center")


def _write_head(canvas: FigureCanvas, top: float) -> None:
    heads = ((LAYER, "layer", "left"), (KIND, "kind", "left"), (SHAPE, "output shape", "left"),
             *((right, name, "right") for right, name in COSTS))  # fmt: skip
    for left, text, align in heads:
        canvas.note(left, top + HEAD - 0.14, text, ha=align)
    canvas.shared_axes.plot([0, STRIP_WIDTH], [top + HEAD - 0.06] * 2, color=RULE, linewidth=0.8)


def _write_row(canvas: FigureCanvas, top: float, numbered: tuple[int, LayerRow], totals: tuple[int, int]) -> None:
    number, row = numbered
    middle = top + 0.5 * ROW
    canvas.cell(NUMBER, middle, str(number), fontsize=SMALL_SIZE, fontweight="bold", ha="center")
    texts = ((LAYER, label(row.name, 18), INK), (KIND, label(row.kind, 18), MUTED), (SHAPE, size(row.output_shape), INK))
    for left, text, colour in texts:
        canvas.cell(left, middle, text, fontsize=FONT, color=colour)
    costs = zip(COSTS, (row.num_parameters, row.multiply_adds), totals, ((INK, None), (ACCENT, "////")), strict=True)
    for (right, _), amount, total, (colour, hatch) in costs:
        canvas.cell(right, middle, f"{amount:,}", fontsize=FONT, color=INK if amount else MUTED, ha="right")
        if amount:
            length = BAR_WIDTH * amount / total
            canvas.rectangles([(right + 0.08, middle - 0.07, length, 0.14)], facecolor=colour, hatch=hatch,
                             edgecolor=BACKGROUND if hatch else "none")  # fmt: skip
            canvas.cell(right + 0.13 + length, middle, rounded_share(amount / total), fontsize=SMALL_SIZE, color=MUTED)


def _write_total(canvas: FigureCanvas, top: float, table: LayerTable) -> None:
    canvas.shared_axes.plot([0, STRIP_WIDTH], [top + 0.02] * 2, color=RULE, linewidth=0.8)
    cells = ((LAYER, f"total ({table.kilobytes:,.2f} KB)", "left"), (COSTS[0][0], f"{table.num_parameters:,}", "right"),
             (COSTS[1][0], f"{table.multiply_adds:,}", "right"))  # fmt: skip
    for place, text, align in cells:
        canvas.cell(place, top + 0.16, text, fontsize=FONT, fontweight="bold", ha=align)
