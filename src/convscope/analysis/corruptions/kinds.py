"""The kinds of corruption and their strengths, and how images are corrupted by name.

N. Mu and J. Gilmer, "MNIST-C: a robustness benchmark for computer vision", 2019, arXiv:1906.02337. MNIST-C has each kind in
one strength: the middle one here, as near as another implementation comes to it (values from the defaults in the authors'
corruptions.py, google-research/mnist-c). The strengths around it are ours. Of fog the published one is the last: in it ``cnn``
gives one answer to everything, and more would tell nothing of it. What is given in pixels is meant for images of 28 × 28 and
grows with them; shares, grey levels and numbers of particles are the same for every size.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...data.background import Background
from ...errors import ConfigError, unknown_name
from ...types import Floats, Images, Labels
from .blur import glass_blur, motion_blur
from .cover import dotted_line, spatter, zigzag
from .draws import Draws
from .edges import canny_edges
from .geometry import rotate, scale, shear, translate
from .light import brightness, fog, stripe
from .noise import impulse_noise, shot_noise

STRENGTHS = 5
VALUES_AT_ONCE = 2**20
"""Pixel values that are worked on at a time: 4 MB in float32, which stay in the processor's cache for the most part."""

Change = Callable[[Floats, Any, Draws, Background], Floats]
"""(n, h, w, c) float32 in 0..1, a strength, random numbers and the background → the same, corrupted."""


@dataclass(frozen=True)
class Corruption:
    """One kind."""

    name: str
    change: Change
    strengths: tuple[Any, ...]
    """From weak to strong; the third is MNIST-C's, of fog the fifth."""

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
"""In MNIST-C's order."""


def corrupt(
    images: Images, kind: str, strength: int, *, background: Background, places: Labels | None = None, seed: int = 0
) -> Images:
    """``images`` (n, h, w, c) uint8, corrupted: the same shape and dtype.

    ``strength``: 1 to 5. ``background``: what lies beyond their edges, as :func:`convscope.data.background.background_of`
    tells of the whole split. ``places`` (n,): where in the split each is, by default in order from 0; an image is corrupted
    in the same way whichever others it is with. Raises :class:`ConfigError` for an unknown kind or strength.
    """
    if kind not in KINDS:
        raise ConfigError(unknown_name("corruption", kind, KINDS))
    if not 1 <= strength <= STRENGTHS:
        raise ConfigError(f"strength {strength} was asked for; 1 to {STRENGTHS} was expected.")
    found, places = KINDS[kind], np.arange(len(images)) if places is None else places
    at_once = max(1, VALUES_AT_ONCE // max(images[:1].size, 1))
    result = np.empty_like(images)
    for start in range(0, len(images), at_once):
        part = slice(start, start + at_once)
        draws = Draws(f"{kind}/{strength}", places[part], seed=seed)
        changed = found.change(images[part].astype(np.float32) / 255, found.strengths[strength - 1], draws, background)
        result[part] = np.rint(np.clip(changed, 0, 1) * 255).astype(np.uint8)
    return result
