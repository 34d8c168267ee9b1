"""The most confident errors."""

import numpy as np

from ..analysis.evaluation import Evaluation
from ..analysis.sampling import Examples
from ..formatting import count_of, format_probability, percent
from .canvas import FigureCanvas, in_theme, text_width
from .figure import Illustration
from .mosaic import in_rows, shown_images
from .text import label, quoted
from .theme import MUTED, SMALL_SIZE, TINY_SIZE

COLUMNS, PITCH, LINE = 8, 0.95, 0.145
HIGH_CONFIDENCE = 0.9
LEFT_TO_RIGHT = "\u200e"
"""An invisible mark that keeps the arrow before a right-to-left name."""


@in_theme
def draw_mistakes(evaluation: Evaluation, examples: Examples) -> Illustration:
    """Draw the images of ``examples.mistakes``, at least one, with their true and predicted classes."""
    indices = examples.mistake_indices
    title = _title(evaluation, len(indices))
    captions = [_caption(evaluation, int(index)) for index in indices]
    mosaic = in_rows(shown_images(examples.mistakes), COLUMNS)
    lines = max(caption.count("\n") + 1 for caption in captions)
    font = SMALL_SIZE if lines == 2 else SMALL_SIZE - 1
    tile = PITCH * mosaic.tile_share
    height = tile * examples.mistakes.shape[1] / examples.mistakes.shape[2]
    step = height + lines * LINE + 0.2
    canvas = FigureCanvas(title, mosaic.rows * step - 0.1)
    canvas.image_rows(mosaic, (0, 0, COLUMNS * PITCH, height / mosaic.tile_share), step)
    for number, (caption, index) in enumerate(zip(captions, indices, strict=True)):
        row, column = divmod(number, COLUMNS)
        canvas.text(column * PITCH, row * step + height + 0.05, caption, fontsize=font, va="top", linespacing=1.2)
        canvas.text(column * PITCH + tile, row * step + height + 0.05 + lines * LINE - 0.02, f"#{index}", fontsize=TINY_SIZE,
                    color=MUTED, ha="right", va="bottom")  # fmt: skip
    return Illustration(
        "mistakes", title,
        "True class → predicted class, with the confidence of the prediction and the index in the test split below; most "
        "confident first.",
        "; ".join(_in_words(evaluation, int(index)) for index in indices) + ".",
        canvas.figure,
    )  # fmt: skip


def _title(evaluation: Evaluation, shown: int) -> str:
    first = int(evaluation.mistakes[0])
    true, predicted = _names(evaluation, first)
    confident = int((evaluation.confidence[evaluation.mistakes] > HIGH_CONFIDENCE).sum())
    part = f"The {shown} most confident of {evaluation.errors:,} errors" if shown < evaluation.errors else (
        f"All {evaluation.errors} errors" if shown > 1 else "The only error")  # fmt: skip
    others = f"{count_of(confident, 'error') if confident else 'no errors'} above {percent(HIGH_CONFIDENCE, 0)}"
    return (f"{part}: {quoted(true)} predicted as {quoted(predicted)} with {format_probability(evaluation.confidence[first])} "
            f"confidence; {others}")  # fmt: skip


def _names(evaluation: Evaluation, index: int) -> list[str]:
    return [evaluation.class_names[int(of[index])] for of in (evaluation.labels, evaluation.predictions)]


def _caption(evaluation: Evaluation, index: int) -> str:
    true, predicted = (label(name, 12) for name in _names(evaluation, index))
    names = [f"{true} → {predicted}"]
    if text_width(names[0], SMALL_SIZE) > PITCH - 0.05 or any(_is_long(name) for name in evaluation.class_names):
        names = [true, f"{LEFT_TO_RIGHT}→ {predicted}"]
    return "\n".join([*names, format_probability(float(evaluation.confidence[index]))])


def _is_long(name: str) -> bool:
    """Return whether two such names fill a caption; then every caption of the figure has a line for each."""
    return text_width(label(name, 12), SMALL_SIZE) > (PITCH - 0.3) / 2


def _in_words(evaluation: Evaluation, index: int) -> str:
    true, predicted = (quoted(name) for name in _names(evaluation, index))
    own = float(np.asarray(evaluation.probabilities)[index, int(evaluation.labels[index])])
    confidence = format_probability(float(evaluation.confidence[index]))
    against = format_probability(own)
    return f"image {index}: {true} predicted as {predicted}, {confidence} against {against} for the true class"
