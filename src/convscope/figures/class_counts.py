"""Images per class and split."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from ..formatting import join_words, shorten_list
from .canvas import NAME_SPACE, FigureCanvas, in_theme, names_width
from .figure import Illustration
from .text import label, quoted, validates_on_test
from .theme import BACKGROUND, INK, SMALL_SIZE, TEST, TEXT_SIZE, TRAINING, VALIDATION

HEAD, RIGHT = 0.26, 7.6
NUMBER_WIDTH, BETWEEN = 0.55, 0.2
MAX_CLASSES = 100


class Panel(NamedTuple):
    """One split: its name, colour, hatch and images per class."""

    name: str
    colour: str
    hatch: str | None
    counts: Sequence[int]


@in_theme
def draw_class_counts(metrics: Mapping[str, Any], request: Mapping[str, Any], class_names: Sequence[str]) -> Illustration:
    """Draw a row per class and a column of bars per split, each column with its own scale from zero."""
    panels = _panels(metrics["data"]["class_counts"], on_test=validates_on_test(request))
    title = _title(panels, class_names)
    shown = min(len(class_names), MAX_CLASSES)
    step = 0.25 if shown <= 30 else 0.14
    canvas = FigureCanvas(title, HEAD + shown * step)
    font = TEXT_SIZE if shown <= 30 else SMALL_SIZE - 1
    names = [label(name, 14) for name in class_names[:shown]]
    left = names_width(names, font)
    for row, name in enumerate(names):
        canvas.cell(left - NAME_SPACE, HEAD + (row + 0.5) * step, name, fontsize=font, ha="right")
    width = (RIGHT - left + BETWEEN) / len(panels) - BETWEEN
    for number, panel in enumerate(panels):
        _draw_panel(canvas, panel, left + number * (width + BETWEEN), width - NUMBER_WIDTH, (shown, step, font))
    cut = f" The first {shown} of {len(class_names)} classes are shown." if shown < len(class_names) else ""
    return Illustration(
        "class_counts", title,
        f"A bar per class. Each split has its own scale from zero, so compare bars within a split.{cut}",
        " ".join(f"{panel.name}: " + ", ".join(f"{quoted(name)} {amount:,}" for name, amount in
                 zip(class_names, panel.counts, strict=True)) + "." for panel in panels),
        canvas.figure,
    )  # fmt: skip


def _panels(counts: Mapping[str, Sequence[int]], *, on_test: bool) -> tuple[Panel, ...]:
    training = Panel("training", TRAINING, None, counts["train"])
    if on_test:
        return training, Panel("test (used as validation)", TEST, "xxxx", counts["test"])
    validation = Panel("validation", VALIDATION, "////", counts["validation"])
    return training, validation, Panel("test", TEST, "xxxx", counts["test"])


def _title(panels: Sequence[Panel], class_names: Sequence[str]) -> str:
    uses = {"training": "images for training", "validation": "for validation", "test": "for testing"}
    other = "for testing (used as validation)"
    sizes = join_words([f"{sum(panel.counts):,} {uses.get(panel.name, other)}" for panel in panels])
    training = panels[0].counts
    most, least = max(training), min(training)
    if most == least:
        return f"{sizes}; every class has {most:,} training images"
    rarest, commonest = (
        shorten_list([quoted(name) for name, each in zip(class_names, training, strict=True) if each == amount], 1)
        for amount in (least, most)
    )
    times = f" ({most / least:.2f} times as many)" if least else ""
    return f"{sizes}; training images per class range from {least:,} for {rarest} to {most:,} for {commonest}{times}"


def _draw_panel(canvas: FigureCanvas, panel: Panel, left: float, width: float, rows: tuple[int, float, float]) -> None:
    shown, step, font = rows
    most = max(panel.counts) or 1
    canvas.text(left, 0.12, panel.name, fontsize=TEXT_SIZE, fontweight="bold")
    canvas.note(left + width + NUMBER_WIDTH, 0.12, f"{sum(panel.counts):,}", ha="right")
    for row, amount in enumerate(panel.counts[:shown]):
        length = width * amount / most
        canvas.rectangles([(left, HEAD + (row + 0.16) * step, length, 0.68 * step)], facecolor=panel.colour,
                         edgecolor=BACKGROUND if panel.hatch else "none", hatch=panel.hatch)  # fmt: skip
        canvas.cell(left + length + 0.05, HEAD + (row + 0.5) * step, f"{amount:,}", fontsize=min(font, SMALL_SIZE),
                    color=INK)  # fmt: skip
