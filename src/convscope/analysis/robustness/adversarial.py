"""Adversarial attacks: accuracy when every pixel may change by up to ε.

FGSM takes one step against the true class: I. Goodfellow, J. Shlens and C. Szegedy, "Explaining and harnessing adversarial
examples", 2015. PGD takes many small steps from a random start within the allowed changes: A. Madry et al., "Towards deep
learning models resistant to adversarial attacks", 2018. Both need the gradient, which Keras computes. The accuracy is an upper
bound, since stronger attacks may exist.
"""

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from ...system.dataclass_json import to_json
from ...types import Floats, Inputs, Labels
from ..statistics.proportions import Accuracy
from .corruption_accuracy import Correct, OnStep
from .corruptions.random_numbers import CounterRNG

EPSILONS = (2 / 255, 4 / 255, 8 / 255, 16 / 255, 32 / 255, 0.2, 0.3)
"""Largest changes of a pixel in 0..1: 8/255 is usual for photos, 0.3 for MNIST."""
STEPS = 10
STEP_FACTOR = 2.5
"""Sum of the steps of PGD, in ε: above 2 they lead from any allowed change to any other."""


class Gradient(Protocol):
    """The gradient of a network. Inputs are (n, h, w, c) in 0..1, labels (n,), logits (n, k)."""

    def __call__(self, inputs: Inputs, labels: Labels) -> tuple[Floats, Floats]:
        """Return the gradient of each image's cross-entropy by its pixels, (n, h, w, c), and the logits."""

    def logits(self, inputs: Inputs) -> Floats:
        """Return the logits alone."""


@dataclass(frozen=True, eq=False)
class Attacks:
    """Which of the chosen test images are still classified correctly."""

    indices: Labels
    """(n,) of the images in the test split."""
    num_images: int
    """Images in the test split."""
    seed: int
    steps: int
    """Of PGD."""
    epsilons: tuple[float, ...]
    clean: Correct
    """(n,) without an attack."""
    fgsm: Correct
    """(len(epsilons), n)"""
    pgd: Correct
    """(len(epsilons), n). An image fooled at a smaller ε counts as fooled at every larger one, which allows the same change."""


def measure_attacks(
    gradient: Gradient,
    inputs: Inputs,
    labels: Labels,
    indices: Labels,
    *,
    num_images: int,
    seed: int,
    epsilons: tuple[float, ...] = EPSILONS,
    steps: int = STEPS,
    on_step: OnStep = lambda: None,
) -> Attacks:  # fmt: skip
    """Attack images with every ε.

    ``inputs`` are (n, h, w, c) in 0..1, ``labels`` (n,) true classes; ``indices`` (n,) in the test split fix the random
    starts.
    """
    slopes, logits = gradient(inputs, labels)
    clean = np.asarray(logits.argmax(axis=1) == labels)
    unfooled, fgsm, pgd = np.flatnonzero(clean), [], []
    for epsilon in epsilons:
        stepped = signed_gradient_step(slopes, inputs, inputs, step=epsilon, epsilon=epsilon)
        fgsm.append(_is_correct(gradient, stepped, labels))
        moved = pgd_attack(gradient, inputs[unfooled], labels[unfooled], indices[unfooled],
                           epsilon=epsilon, steps=steps, seed=seed)  # fmt: skip
        if len(unfooled):
            unfooled = unfooled[_is_correct(gradient, moved, labels[unfooled])]
        pgd.append(np.isin(np.arange(len(labels)), unfooled))
        on_step()
    return Attacks(indices, num_images, seed, steps, epsilons, clean, np.stack(fgsm), np.stack(pgd))


def _is_correct(gradient: Gradient, inputs: Inputs, labels: Labels) -> Correct:
    return np.asarray(gradient.logits(inputs).argmax(axis=1) == labels)


def pgd_attack(
    gradient: Gradient, inputs: Inputs, labels: Labels, indices: Labels, *, epsilon: float, steps: int, seed: int
) -> Inputs:
    """Return ``inputs`` (n, h, w, c) attacked by PGD: changed by at most ``epsilon`` per pixel, and still in 0..1."""
    draws = CounterRNG(f"pgd/{epsilon:.6f}", indices, seed=seed)
    start = inputs + np.asarray((2 * draws.uniform(*inputs.shape[1:]) - 1) * epsilon, np.float32)
    moved = np.clip(start, 0, 1)
    active = np.arange(len(inputs))
    for _ in range(steps):
        slopes, logits = gradient(moved[active], labels[active])
        correct = logits.argmax(axis=1) == labels[active]
        active, slopes = active[correct], slopes[correct]
        if not len(active):
            break
        moved[active] = signed_gradient_step(
            slopes, moved[active], inputs[active], step=STEP_FACTOR * epsilon / steps, epsilon=epsilon
        )
    return moved


def signed_gradient_step(slopes: Floats, moved: Inputs, inputs: Inputs, *, step: float, epsilon: float) -> Inputs:
    """Return ``moved`` by ``step`` along the sign of ``slopes``, clipped to ``inputs`` ± ``epsilon`` and to 0..1."""
    further = moved + np.float32(step) * np.sign(slopes, dtype=np.float32)
    return np.clip(np.clip(further, inputs - np.float32(epsilon), inputs + np.float32(epsilon)), 0, 1)


def attacks_metrics(attacks: Attacks) -> dict[str, Any]:
    """Return the section ``attacks`` of the metrics; ``fgsm`` and ``pgd`` hold one entry per ε."""
    return {
        "n": len(attacks.indices),
        "test_images": attacks.num_images,
        "seed": attacks.seed,
        "steps": attacks.steps,
        "epsilons": list(attacks.epsilons),
        "clean": to_json(Accuracy.of(attacks.clean)),
        "fgsm": [to_json(Accuracy.of(correct)) for correct in attacks.fgsm],
        "pgd": [to_json(Accuracy.of(correct)) for correct in attacks.pgd],
    }
