"""The first training image."""

from __future__ import annotations

import numpy as np

from ..types import Images
from .canvas import Sheet, in_theme
from .illustration import Illustration
from .mosaic import is_ink, pictures
from .theme import RULE
from .wording import quoted, size, span

SIDE, LEFT = 4.4, 0.36


@in_theme
def draw_first_image(first_image: Images, class_name: str) -> Illustration:
    """Draw ``first_image`` (1, h, w, c); ticks count pixels from 0, like the rows and columns of the matrix."""
    height, width = first_image.shape[1:3]
    strength = first_image[0].max(axis=-1)
    title, extent = _title(strength, class_name)
    scale = SIDE / max(height, width)
    sheet = Sheet(title, height * scale + 0.3, width=SIDE + LEFT + 0.5)
    axes = sheet.axes(LEFT, 0, width * scale, height * scale)
    axes.imshow(pictures(first_image)[0], extent=(-0.5, width - 0.5, height - 0.5, -0.5), aspect="auto")
    axes.spines[:].set(visible=True, color=RULE)
    axes.tick_params(length=2)
    ink = "Black is 255 and white is 0" if is_ink(first_image) else "Each pixel shows its brightness or colour"
    return Illustration(
        "first_image", title, f"{ink}; the ticks count pixels from 0, from the top left corner.",
        f"An image of {size(first_image.shape[1:3])} pixels, labelled {quoted(class_name)}. {extent} "
        f"Its mean value is {first_image.mean():.1f} of 255.",
        sheet.figure,
    )  # fmt: skip


def _title(strength: Images, class_name: str) -> tuple[str, str]:
    """Return the title, and a sentence on where the pixels above zero are; ``strength`` is (h, w)."""
    start = f"The first training image is labelled {quoted(class_name)}"
    above = int((strength > 0).sum())
    if above == 0:
        return f"{start} and is empty: all its {strength.size:,} pixels are 0", "No pixel is above 0."
    rows, columns = np.nonzero(strength)
    where = f"in rows {span(rows.tolist())} and columns {span(columns.tolist())}"
    title = f"{start}: {above:,} of its {strength.size:,} pixels are above 0, {where}"
    return title, f"{above:,} pixels are above 0, {where}."
