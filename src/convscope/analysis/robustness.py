"""How much of its accuracy a network keeps when the images are corrupted: per kind and strength, and over all."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ..data.background import Background
from ..data.dataset import Split
from ..models.predictor import Predictor
from ..types import Floats, Labels
from .corruptions.kinds import KINDS, STRENGTHS, corrupt
from .intervals import Interval, wilson
from .share import Share

Right = npt.NDArray[np.bool_]
Tick = Callable[[], None]


@dataclass(frozen=True, eq=False)
class Robustness:
    """Which of the chosen test images were classified correctly, as they are and under each corruption.

    All that is said of a kind, or of all kinds, rests on the same images, so they are compared image by image.
    """

    places: Labels
    """(n,) of the images in the test split."""
    num_images: int
    """Images that the test split has."""
    seed: int
    background: Background
    clean: Right
    """(n,)"""
    corrupted: Right
    """(kinds, 5, n), in the order of :data:`KINDS`."""

    def __len__(self) -> int:
        return len(self.places)

    def share(self, kind: str, strength: int) -> Share:
        """Accuracy under one corruption; ``strength`` from 1."""
        return _share(self.corrupted[list(KINDS).index(kind), strength - 1])

    def mean(self, kind: str | None = None) -> float:
        """Accuracy over the five strengths of ``kind``, or over all kinds and strengths, 0..1."""
        return float(self._per_image(kind).mean())

    def mean_interval(self, kind: str | None = None) -> Interval:
        """Of 95%, over images: those of a kind's five strengths are the same, and count once.

        An image's share of right answers varies no more than a single answer with the same mean does, so Wilson's
        interval for single answers is, if anything, too wide.
        """
        values = self._per_image(kind)
        return wilson(int(np.rint(values.sum())), len(values))

    @property
    def worst(self) -> str | None:
        """The kind with the lowest mean, where its interval lies below that of every other kind; else nobody can say."""
        means = {kind: self.mean(kind) for kind in KINDS}
        lowest = min(means, key=lambda kind: means[kind])
        others = (self.mean_interval(kind).low for kind in KINDS if kind != lowest)
        return lowest if self.mean_interval(lowest).high < min(others) else None

    def _per_image(self, kind: str | None) -> Floats:
        """(n,) of each image the share of the corruptions under which it was classified correctly."""
        chosen = self.corrupted if kind is None else self.corrupted[list(KINDS).index(kind)]
        return np.asarray(chosen.reshape(-1, len(self)).mean(axis=0))


def measure_robustness(
    predictor: Predictor,
    test: Split,
    places: Labels,
    background: Background,
    *,
    seed: int,
    tick: Tick = lambda: None,
) -> Robustness:
    """Corrupt the images at ``places`` of ``test`` in every kind and strength, and classify them. ``tick`` is called after
    each of the 75. About six seconds of two processors for 1,000 images of MNIST."""
    chosen = test.take(places)

    def is_right(cell: tuple[str, int]) -> Right:
        kind, strength = cell
        images = corrupt(chosen.images, kind, strength, background=background, places=places, seed=seed)
        return np.asarray(predictor.logits(images).argmax(axis=1) == chosen.labels)

    cells = [(kind, strength) for kind in KINDS for strength in range(1, STRENGTHS + 1)]
    rows = []
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for row in pool.map(is_right, cells):
            rows.append(row)
            tick()
    clean = np.asarray(predictor.logits(chosen.images).argmax(axis=1) == chosen.labels)
    corrupted = np.stack(rows).reshape(len(KINDS), STRENGTHS, -1)
    return Robustness(places, len(test), seed, background, clean, corrupted)


def robustness_metrics(robustness: Robustness) -> dict[str, Any]:
    """As ``metrics.json`` has it: ``kinds`` with their ``strengths``, the weakest first; ``mean`` over all; ``worst`` or null."""
    clean = _share(robustness.clean)
    return {
        "n": len(robustness),
        "test_images": robustness.num_images,
        "seed": robustness.seed,
        "background": robustness.background.describe(),
        "clean": clean.as_metrics(),
        "mean": _mean_metrics(robustness, clean.value),
        "worst": robustness.worst,
        "kinds": [_kind_metrics(robustness, kind, clean.value) for kind in KINDS],
    }


def _kind_metrics(robustness: Robustness, kind: str, clean: float) -> Mapping[str, Any]:
    cells = [robustness.share(kind, strength) for strength in range(1, STRENGTHS + 1)]
    strengths = [{"strength": number, **cell.as_metrics()} for number, cell in enumerate(cells, start=1)]
    return {"kind": kind, "title": KINDS[kind].title, "strengths": strengths, **_mean_metrics(robustness, clean, kind)}


def _mean_metrics(robustness: Robustness, clean: float, kind: str | None = None) -> dict[str, Any]:
    """``kept``: the accuracy as a share of that on the images as they are."""
    mean, interval = robustness.mean(kind), robustness.mean_interval(kind)
    return {"accuracy": mean, "interval": [interval.low, interval.high], "kept": mean / clean if clean else None}


def _share(right: Right) -> Share:
    return Share(int(right.sum()), len(right))
