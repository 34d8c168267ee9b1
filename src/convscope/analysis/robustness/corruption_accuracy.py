"""Robustness: accuracy on corrupted images, per kind and strength and overall."""

import os
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from ...data.dataset import Split
from ...models.predictor import Predictor
from ...system.dataclass_json import to_json
from ...types import Floats, Labels
from ..statistics.paired import LEVEL, paired_p, standard_error
from ..statistics.proportions import Accuracy, Interval, mean_interval, simultaneous_z
from .background import Background
from .corruptions.kinds import KINDS, STRENGTHS, corrupt

Correct = npt.NDArray[np.bool_]
OnStep = Callable[[], None]


@dataclass(frozen=True)
class LowestKind:
    """The kind of corruption with the lowest mean accuracy, and how far it lies below the next."""

    kind: str
    next: str
    difference: float
    """Mean accuracy under the next kind minus that under this one."""
    interval: Interval
    """95%, for pairs, corrected for the number of kinds."""
    p: float
    """Of the hypothesis that another kind is as low: paired t-tests with Bonferroni's correction."""


@dataclass(frozen=True, eq=False)
class Robustness:
    """Which of the chosen test images are classified correctly, uncorrupted and under each corruption."""

    indices: Labels
    """(n,) of the images in the test split."""
    num_images: int
    """Images in the test split."""
    seed: int
    background: Background
    clean: Correct
    """(n,)"""
    corrupted: Correct
    """(kinds, 5, n), in the order of :data:`KINDS`."""

    def __len__(self) -> int:
        return len(self.indices)

    def accuracy(self, kind: str, strength: int) -> Accuracy:
        """Return the accuracy under one corruption; ``strength`` from 1."""
        return Accuracy.of(self.corrupted[list(KINDS).index(kind), strength - 1])

    def mean(self, kind: str | None = None) -> float:
        """Return the mean accuracy over the strengths of ``kind``, or over all kinds and strengths, 0..1."""
        return float(self._per_image(kind).mean())

    def mean_interval(self, kind: str | None = None) -> Interval:
        """Return the 95% interval of :meth:`mean`, over images."""
        return mean_interval(self._per_image(kind))

    @cached_property
    def lowest(self) -> LowestKind:
        """The kind with the lowest mean, compared with the next one on the same images."""
        first, second = sorted(KINDS, key=self.mean)[:2]
        below = {kind: self._per_image(kind) - self._per_image(first) for kind in KINDS if kind != first}
        # It was chosen among all kinds, and is the lowest only if it lies below each of the others.
        p = min(1.0, (len(KINDS) - 1) * max(map(paired_p, below.values())))
        half = simultaneous_z(len(KINDS) - 1) * standard_error(below[second])
        difference = float(below[second].mean())
        return LowestKind(first, second, difference, Interval(difference - half, difference + half), p)

    @property
    def worst(self) -> str | None:
        """The kind with the lowest mean; None unless it is significantly lower than that of every other kind."""
        return self.lowest.kind if self.lowest.p <= LEVEL else None

    def _per_image(self, kind: str | None) -> Floats:
        """Return (n,) the share of corruptions under which each image is classified correctly."""
        chosen = self.corrupted if kind is None else self.corrupted[list(KINDS).index(kind)]
        return np.asarray(chosen.reshape(-1, len(self)).mean(axis=0))


def measure_robustness(
    predictor: Predictor, test: Split, indices: Labels, background: Background, *, seed: int, on_step: OnStep = lambda: None
) -> Robustness:
    """Corrupt test images in every kind and strength, and classify them; six seconds for 1,000 images of MNIST."""
    chosen = test.take(indices)

    def is_correct(cell: tuple[str, int]) -> Correct:
        kind, strength = cell
        images = corrupt(chosen.images, kind, strength, background=background, indices=indices, seed=seed)
        return np.asarray(predictor.logits(images).argmax(axis=1) == chosen.labels)

    cells = [(kind, strength) for kind in KINDS for strength in range(1, STRENGTHS + 1)]
    rows = []
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for row in pool.map(is_correct, cells):
            rows.append(row)
            on_step()
    clean = np.asarray(predictor.logits(chosen.images).argmax(axis=1) == chosen.labels)
    corrupted = np.stack(rows).reshape(len(KINDS), STRENGTHS, -1)
    return Robustness(indices, len(test), seed, background, clean, corrupted)


def robustness_metrics(robustness: Robustness) -> dict[str, Any]:
    """Return the section ``robustness`` of the metrics; each of ``kinds`` lists its ``strengths``, the weakest first."""
    clean = Accuracy.of(robustness.clean)
    return {
        "n": len(robustness),
        "test_images": robustness.num_images,
        "seed": robustness.seed,
        "background": to_json(robustness.background),
        "clean": to_json(clean),
        "mean": _mean_metrics(robustness, clean.value),
        "worst": robustness.worst,
        "lowest": to_json(robustness.lowest),
        "kinds": [_kind_metrics(robustness, kind, clean.value) for kind in KINDS],
    }


def _kind_metrics(robustness: Robustness, kind: str, clean: float) -> Mapping[str, Any]:
    cells = [robustness.accuracy(kind, strength) for strength in range(1, STRENGTHS + 1)]
    strengths = [{"strength": number, **to_json(cell)} for number, cell in enumerate(cells, start=1)]
    return {"kind": kind, "title": KINDS[kind].title, "strengths": strengths, **_mean_metrics(robustness, clean, kind)}


def _mean_metrics(robustness: Robustness, clean: float, kind: str | None = None) -> dict[str, Any]:
    mean, interval = robustness.mean(kind), robustness.mean_interval(kind)
    return {"accuracy": mean, "interval": list(interval), "relative_accuracy": mean / clean if clean else None}
