"""Sheets of digits that lie on their side or upside down.

The network reads digits of such a sheet with less confidence than the same digits turned back: on upright sheets of three or more
digits the mean logarithm of the largest probability never rose by more than 0.01, on turned ones hardly ever by less than 0.1.
"""

from collections.abc import Callable, Sequence

import numpy as np

from ..analysis.uncertainty.temperature import log_softmax
from ..types import Floats, Images
from .predictions import Place

MIN_DIGITS, MIN_GAIN = 3, 0.1
TURNS = {1: "90° counterclockwise", 2: "180°", 3: "90° clockwise"}


def turned_sheet_warnings(
    names: Sequence[str], places: Sequence[Place | None], images: Images, logits: Callable[[Images], Floats]
) -> tuple[str, ...]:
    """Return a sentence for each image file whose digits (n, h, w, 1) are more probable when turned."""
    first = [index for index, place in enumerate(places) if place and place.number == 1 and place.of >= MIN_DIGITS]
    if not first or images.shape[1] != images.shape[2]:
        return ()
    sheets = [slice(index, index + places[index].of) for index in first]  # type: ignore[union-attr]
    rows = np.concatenate([np.arange(sheet.start, sheet.stop) for sheet in sheets])
    confidences = np.full((len(TURNS) + 1, len(images)), np.nan)
    for turn in range(len(TURNS) + 1):
        confidences[turn, rows] = log_softmax(logits(_turned(images[rows], turn)).astype(np.float64)).max(axis=1)
    gains = [confidences[:, sheet].mean(axis=1) - confidences[0, sheet].mean() for sheet in sheets]
    return tuple(
        f"{names[sheet.start]} seems turned: its {sheet.stop - sheet.start} digits are read with more confidence after rotating "
        f"by {TURNS[int(gain.argmax())]}. Rotate it and predict again."
        for sheet, gain in zip(sheets, gains, strict=True)
        if gain.max() >= MIN_GAIN
    )


def _turned(images: Images, turn: int) -> Images:
    """Turn images (n, h, h, c) about pixel (h / 2, h / 2), which is the centre of a digit."""
    side = images.shape[1]
    return np.rot90(np.pad(images, ((0, 0), (0, 1), (0, 1), (0, 0))), turn, axes=(1, 2))[:, :side, :side]
