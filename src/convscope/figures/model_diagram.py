"""The network: its layers drawn to scale, and the cost of each."""

from collections.abc import Sequence

from ..formatting import count_of
from ..models.network import Network
from ..models.summary import LayerRow, LayerTable, layer_table
from .canvas import FigureCanvas, in_theme, text_width
from .figure import Illustration
from .layer_shapes import Placed, bodies, draw_bodies, placed
from .text import label, rounded_share, size
from .theme import ACCENT, BACKGROUND, INK, MUTED, RULE, SMALL_SIZE, TINY_SIZE

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
