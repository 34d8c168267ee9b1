"""THE preparation of images: what a network is given, made from the pixels of a dataset.

Training, evaluation, the exported model and the page all use this one function, so that they cannot disagree.
"""

from __future__ import annotations

import numpy as np

from ..types import Images, Inputs

SCALE = 255.0
"""The notebook's ``x / 255.0``: grey levels 0..255 become 0..1."""


def to_inputs(images: Images) -> Inputs:
    """(n, h, w, c) uint8 → (n, h, w, c) float32 in 0..1."""
    return (images / np.float32(SCALE)).astype(np.float32, copy=False)
