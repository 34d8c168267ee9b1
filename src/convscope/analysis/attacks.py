"""How little it takes to fool a network on purpose: every pixel may change, but by no more than ε.

FGSM takes one step against the true class: I. Goodfellow, J. Shlens and C. Szegedy, "Explaining and harnessing adversarial
examples", 2015. PGD takes many small ones from a random start and never leaves the allowed changes: A. Madry et al., "Towards
deep learning models resistant to adversarial attacks", 2018. Both need the gradient, which Keras computes; what they reach is
an upper bound of the accuracy under attack, since a stronger attack may exist.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from ..types import Floats, Inputs, Labels
from .corruptions.draws import Draws
from .share import Share

Right = npt.NDArray[np.bool_]
Tick = Callable[[], None]

EPSILONS = (2 / 255, 4 / 255, 8 / 255, 16 / 255, 32 / 255, 0.2, 0.3)
"""The largest change of a pixel, of 0..1: 8/255 is usual for photos, 0.3 for MNIST."""
STEPS = 10
REACH = 2.5
"""How far the steps of PGD would go together, in ε: any place within the allowed changes can be reached from any other."""


class Gradient(Protocol):
    """A network, as an attack sees it. Inputs are (n, h, w, c) in 0..1, labels (n,), logits (n, k)."""

    def __call__(self, inputs: Inputs, labels: Labels) -> tuple[Floats, Floats]:
        """The gradient of each image's cross-entropy by its pixels, (n, h, w, c), and the logits."""

    def logits(self, inputs: Inputs) -> Floats:
        """The logits alone."""


@dataclass(frozen=True, eq=False)
class Attacks:
    """Which of the chosen test images were still classified correctly."""

    places: Labels
    """(n,) of the images in the test split."""
    num_images: int
    """Images that the test split has."""
    seed: int
    steps: int
    """Of PGD."""
    epsilons: tuple[float, ...]
    clean: Right
    """(n,) as they are."""
    fgsm: Right
    """(len(epsilons), n)"""
    pgd: Right
    """(len(epsilons), n). What was fooled at a smaller ε counts as fooled at every larger one, which allows the same change."""


def measure_attacks(
    gradient: Gradient,
    inputs: Inputs,
    labels: Labels,
    places: Labels,
    *,
    num_images: int,
    seed: int,
    epsilons: tuple[float, ...] = EPSILONS,
    steps: int = STEPS,
    tick: Tick = lambda: None,
) -> Attacks:  # fmt: skip
    """Attack ``inputs`` (n, h, w, c) in 0..1, which lie at ``places`` of the test split, with every ε of ``epsilons``, which
    ascend. ``tick`` is called after each ε."""
    slopes, logits = gradient(inputs, labels)
    clean = np.asarray(logits.argmax(axis=1) == labels)
    standing, fgsm, pgd = np.flatnonzero(clean), [], []
    for epsilon in epsilons:
        stepped = step_along(slopes, inputs, inputs, step=epsilon, epsilon=epsilon)
        fgsm.append(_is_right(gradient, stepped, labels))
        moved = project(gradient, inputs[standing], labels[standing], places[standing],
                        epsilon=epsilon, steps=steps, seed=seed)  # fmt: skip
        if len(standing):
            standing = standing[_is_right(gradient, moved, labels[standing])]
        pgd.append(np.isin(np.arange(len(labels)), standing))
        tick()
    return Attacks(places, num_images, seed, steps, epsilons, clean, np.stack(fgsm), np.stack(pgd))


def _is_right(gradient: Gradient, inputs: Inputs, labels: Labels) -> Right:
    return np.asarray(gradient.logits(inputs).argmax(axis=1) == labels)


def project(
    gradient: Gradient, inputs: Inputs, labels: Labels, places: Labels, *, epsilon: float, steps: int, seed: int
) -> Inputs:
    """PGD: ``inputs`` (n, h, w, c), each changed by at most ``epsilon`` and still in 0..1, so that it is classified wrongly
    if the attack finds a way. An image that is wrong already on the way stays as it is then."""
    draws = Draws(f"pgd/{epsilon:.6f}", places, seed=seed)
    start = inputs + np.asarray((2 * draws.uniform(*inputs.shape[1:]) - 1) * epsilon, np.float32)
    moved = np.clip(start, 0, 1)
    going_on = np.arange(len(inputs))
    for _ in range(steps):
        slopes, logits = gradient(moved[going_on], labels[going_on])
        right = logits.argmax(axis=1) == labels[going_on]
        going_on, slopes = going_on[right], slopes[right]
        if not len(going_on):
            break
        moved[going_on] = step_along(
            slopes, moved[going_on], inputs[going_on], step=REACH * epsilon / steps, epsilon=epsilon
        )
    return moved


def step_along(slopes: Floats, moved: Inputs, inputs: Inputs, *, step: float, epsilon: float) -> Inputs:
    """``moved`` by ``step`` in the direction of the sign of ``slopes``, and back into what is allowed: within ``epsilon`` of
    ``inputs``, and in 0..1."""
    further = moved + np.float32(step) * np.sign(slopes, dtype=np.float32)
    return np.clip(np.clip(further, inputs - np.float32(epsilon), inputs + np.float32(epsilon)), 0, 1)


def attacks_metrics(attacks: Attacks) -> dict[str, Any]:
    """As ``metrics.json`` has it; ``fgsm`` and ``pgd`` hold one entry for each of ``epsilons``."""
    return {
        "n": len(attacks.places),
        "test_images": attacks.num_images,
        "seed": attacks.seed,
        "steps": attacks.steps,
        "epsilons": list(attacks.epsilons),
        "clean": _share(attacks.clean),
        "fgsm": [_share(right) for right in attacks.fgsm],
        "pgd": [_share(right) for right in attacks.pgd],
    }


def _share(right: Right) -> dict[str, Any]:
    return Share(int(right.sum()), len(right)).as_metrics()
