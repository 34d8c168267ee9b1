"""Whether a network notices that an image is of nothing it knows: the distance in its last hidden layer as a score, beside the
probability of its answer, on sets of strange images."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ..data.strangers.sets import LeftOut, StrangerSet
from ..models.predictor import Predictor
from ..types import Floats, Images
from .auroc import Auroc, AurocDifference, auroc, auroc_difference
from .calibration import log_softmax
from .holm import holm
from .intervals import Interval, simultaneous_z
from .novelty import Novelty, mean_distances
from .share import Share

Tick = Callable[[], None]


@dataclass(frozen=True)
class StrangeSet:
    """How well one set of strange images is told from test images."""

    name: str
    title: str
    distance: Auroc
    """By the distance: the score that convscope warns by."""
    confidence: Auroc
    """By how improbable the network finds its own answer, for comparison."""
    noticed: Share
    """Beyond the run's own threshold."""
    difference: AurocDifference
    """By the distance less by the confidence, on the same images."""
    simultaneous: Interval
    """Of the area by the distance: with 95% confidence those of all sets hold at once."""


@dataclass(frozen=True)
class Strangers:
    """All sets, and the test images that they were told from."""

    layer_name: str
    threshold: float
    """Distance beyond which an image counts as strange: 99 of 100 images that the run measured it on are within."""
    false_alarms: Share
    """Test images beyond it."""
    sets: tuple[StrangeSet, ...]
    left_out: tuple[LeftOut, ...]

    @property
    def worst(self) -> str | None:
        """The set that the distance tells worst from known images, where its interval lies below that of every other; else
        nobody can say."""
        lowest = min(self.sets, key=lambda each: each.distance.value, default=None)
        others = [each.simultaneous.low for each in self.sets if each is not lowest]
        return lowest.name if lowest and others and lowest.simultaneous.high < min(others) else None


def measure_strangers(
    predictor: Predictor,
    novelty: Novelty,
    reference: Images,
    known: Images,
    sets: tuple[StrangerSet, ...],
    left_out: tuple[LeftOut, ...],
    *,
    tick: Tick = lambda: None,
) -> Strangers:
    """``reference`` (m, h, w, c): the training images that distances are measured to; ``known`` (n, h, w, c): test images.

    ``tick`` is called after each set.
    """
    layer, _ = predictor.features_and_logits(reference)

    def scores(images: Images) -> tuple[Floats, Floats]:
        features, logits = predictor.features_and_logits(images)
        return mean_distances(features, layer, novelty.neighbours), -log_softmax(logits.astype("float64")).max(axis=1)

    distances, doubts = scores(known)
    results = []
    for each in sets:
        distance, doubt = scores(each.images)
        results.append(
            StrangeSet(
                each.name,
                each.title,
                auroc(distance, distances),
                auroc(doubt, doubts),
                _beyond(distance, novelty.threshold),
                auroc_difference((distance, distances), (doubt, doubts)),
                auroc(distance, distances, z=simultaneous_z(len(sets))).interval,
            )
        )
        tick()
    return Strangers(novelty.layer_name, novelty.threshold, _beyond(distances, novelty.threshold), tuple(results), left_out)


def strangers_metrics(strangers: Strangers) -> dict[str, Any]:
    """As ``metrics.json`` has it; ``adjusted_p`` is corrected by Holm's method for the number of sets."""
    adjusted = holm([each.difference.p for each in strangers.sets])
    return {
        "layer": strangers.layer_name,
        "threshold": strangers.threshold,
        "known": {"n": strangers.false_alarms.n, "false_alarms": strangers.false_alarms.as_metrics("share")},
        "worst": strangers.worst,
        "sets": [
            {
                "name": each.name,
                "title": each.title,
                "n": each.noticed.n,
                "distance": {**_area(each.distance), "simultaneous_interval": _pair(each.simultaneous)},
                "confidence": _area(each.confidence),
                "difference": {
                    "value": each.difference.value,
                    "interval": _pair(each.difference.interval),
                    "p": each.difference.p,
                    "adjusted_p": p,
                },
                "noticed": each.noticed.as_metrics("share"),
            }
            for each, p in zip(strangers.sets, adjusted, strict=True)
        ],
        "left_out": [{"title": each.title, "reason": each.reason} for each in strangers.left_out],
    }


def _beyond(distances: Floats, threshold: float) -> Share:
    return Share(int((distances > threshold).sum()), len(distances))


def _area(area: Auroc) -> dict[str, Any]:
    return {"auroc": area.value, "interval": _pair(area.interval)}


def _pair(interval: Interval) -> list[float]:
    return [interval.low, interval.high]
