"""Scaling of pixels to network inputs.

Training, evaluation, exported models and the page share this function, so that they cannot disagree.
"""

import numpy as np

from ..types import Images, Inputs

SCALE = 255.0
"""Divisor that maps grey levels 0 to 255 to inputs 0 to 1."""


def to_inputs(images: Images) -> Inputs:
    """Scale images (n, h, w, c) uint8 to float32 inputs from 0 to 1."""
    return (images / np.float32(SCALE)).astype(np.float32, copy=False)
