"""Draw the image that the package brings for `convscope predict RUN example`: a four in ink on paper, lit from one side.

python docs/example_image.py
"""

from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from convscope.data.images.files import EXAMPLE_FILE

STROKES = (
    ((54, 30), (50, 48), (44, 66), (40, 82), (56, 84), (78, 82), (104, 78)),
    ((92, 34), (89, 60), (86, 88), (82, 112), (80, 132)),
)
"""Points (x, y) of the pen in an image of 144 × 144 pixels."""
SIDE, SCALE, PEN = 144, 8, 7


def draw() -> Image.Image:
    """Return the image in grey levels."""
    ink = Image.new("L", (SIDE * SCALE, SIDE * SCALE))
    pen, radius = ImageDraw.Draw(ink), PEN * SCALE / 2
    for stroke in STROKES:
        points = [(x * SCALE, y * SCALE) for x, y in stroke]
        pen.line(points, fill=255, width=PEN * SCALE)
        for x, y in points:
            pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=255)
    covered = np.asarray(ink.resize((SIDE, SIDE), Image.Resampling.BOX)) / 255
    rows, columns = np.indices(covered.shape)
    paper = 240 - (rows + 2 * columns) // 12
    return Image.fromarray(np.uint8(np.rint(paper * (1 - 0.8 * covered))))


if __name__ == "__main__":
    draw().save(Path(EXAMPLE_FILE), optimize=True)
