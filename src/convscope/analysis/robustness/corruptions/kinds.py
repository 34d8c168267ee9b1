"""The corruptions with their strengths, and a function that applies one by name.

N. Mu and J. Gilmer, "MNIST-C: a robustness benchmark for computer vision", 2019, arXiv:1906.02337. MNIST-C has one strength of each
kind, which is the middle one here (the defaults in the authors' corruptions.py, google-research/mnist-c, reimplemented); the other
strengths are ours. The published strength of fog is the last one here, since ``cnn`` predicts a single class for all images at that
strength. Lengths are in pixels of 28 × 28 images and scale with the image; shares, grey levels and particle counts do not.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from ....errors import ConfigError, unknown_name
from ....types import Floats, Images, Labels
from ..background import Background
from .filters import canny_edges, glass_blur, motion_blur
from .geometric import rotate, scale, shear, translate
from .intensity import brightness, fog, impulse_noise, shot_noise, stripe
from .overlays import dotted_line, spatter, zigzag
from .random_numbers import CounterRNG

STRENGTHS = 5
VALUES_AT_ONCE = 2**20
"""Number of pixel values per portion: 4 MB in float32, which mostly fit into the CPU cache."""
Change = Callable[[Floats, Any, CounterRNG, Background], Floats]
"""A function of images (n, h, w, c) float32 in 0..1, a strength, random numbers and the background."""


@dataclass(frozen=True)
class Corruption:
    """One kind of corruption."""

    name: str
    change: Change
    strengths: tuple[Any, ...]
    """Parameters from weak to strong; the third is that of MNIST-C (of fog: the fifth)."""

    @property
    def title(self) -> str:
        return self.name.replace("_", " ")


KINDS: dict[str, Corruption] = {
    kind.name: kind
    for kind in (
        Corruption("shot_noise", shot_noise, (12.0, 6.0, 3.0, 1.5, 0.75)),
        Corruption("impulse_noise", impulse_noise, (0.04, 0.09, 0.17, 0.28, 0.4)),
        Corruption("glass_blur", glass_blur, ((0.3, 1, 1), (0.4, 1, 1), (0.5, 1, 2), (0.7, 2, 2), (0.9, 3, 2))),
        Corruption("motion_blur", motion_blur, (1.0, 2.0, 3.0, 5.0, 8.0)),
        Corruption("shear", shear, (0.13, 0.26, 0.39, 0.55, 0.75)),
        Corruption("scale", scale, (0.9, 0.8, 0.7, 0.6, 0.5)),
        Corruption("rotate", rotate, (0.13, 0.26, 0.4, 0.6, 0.8)),
        Corruption("brightness", brightness, (0.2, 0.35, 0.5, 0.65, 0.8)),
        Corruption("translate", translate, (1.0, 2.0, 3.0, 4.0, 5.0)),
        Corruption("stripe", stripe, (1 / 12, 1 / 6, 1 / 4, 1 / 3, 0.42)),
        Corruption("fog", fog, (0.3, 0.6, 1.0, 1.6, 3.0)),
        Corruption("spatter", spatter, ((1, 1.5, 1.2), (1, 1.5, 0.6), (1, 1.5, 0.0), (1, 1.5, -0.4), (1, 1.5, -0.8))),
        Corruption("dotted_line", dotted_line, ((1, 0.35), (1, 0.65), (1, 1.0), (2, 1.0), (3, 1.0))),
        Corruption("zigzag", zigzag, ((1, 0.35), (1, 0.65), (1, 1.0), (2, 1.0), (3, 1.0))),
        Corruption("canny_edges", canny_edges, ((1 / 3, 1.0), (2 / 3, 1.0), (1.0, 1.0), (1.0, 1.4), (1.0, 1.8))),
    )
}
"""All corruptions by name, in the order of MNIST-C."""


def corrupt(
    images: Images, kind: str, strength: int, *, background: Background, indices: Labels | None = None, seed: int = 0
) -> Images:
    """Return corrupted ``images`` of the same shape and dtype; an image is corrupted in the same way whatever the others are.

    ``images`` are (n, h, w, c) uint8; ``strength`` is 1 to 5; ``indices`` (n,) are those in the split, by default 0 to n −
    1. ``background`` is that of the split, by :func:`~convscope.analysis.robustness.background.background_of`.
    """
    if kind not in KINDS:
        raise ConfigError(unknown_name("corruption", kind, KINDS))
    if not 1 <= strength <= STRENGTHS:
        raise ConfigError(f"strength must be from 1 to {STRENGTHS}; got {strength}.")
    corruption, indices = KINDS[kind], np.arange(len(images)) if indices is None else indices
    at_once = max(1, VALUES_AT_ONCE // max(images[:1].size, 1))
    result = np.empty_like(images)
    for start in range(0, len(images), at_once):
        part = slice(start, start + at_once)
        draws = CounterRNG(f"{kind}/{strength}", indices[part], seed=seed)
        parameters = corruption.strengths[strength - 1]
        changed = corruption.change(images[part].astype(np.float32) / 255, parameters, draws, background)
        result[part] = np.rint(np.clip(changed, 0, 1) * 255).astype(np.uint8)
    return result
