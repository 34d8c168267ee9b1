"""Out-of-distribution detection: the distance in the last hidden layer as a score, compared with the confidence."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

from ...models.predictor import Predictor
from ...types import Floats, Images
from ..statistics.auroc import auroc, auroc_difference
from ..statistics.paired import holm
from ..statistics.proportions import Difference, Estimate, Interval, Share, simultaneous_z
from ..uncertainty.temperature import log_softmax
from .image_sets import OODSet, SkippedSet
from .mahalanobis import MahalanobisDistance


@dataclass(frozen=True)
class OODSetResult:
    """How well one set of out-of-distribution images is separated from test images."""

    JSON_PROPERTIES: ClassVar[tuple[str, ...]] = ("n",)

    name: str
    title: str
    distance: Estimate
    """AUROC by the distance, the score that convscope warns by."""
    simultaneous_interval: Interval
    """Of the AUROC by distance: the intervals of all sets hold at once with 95% confidence."""
    confidence: Estimate
    """AUROC by 1 − confidence, for comparison."""
    difference: Difference
    """AUROC by distance minus AUROC by confidence, on the same images."""
    adjusted_p: float
    """Of the difference, corrected by Holm's method for the number of sets."""
    detection_rate: Share
    """Images beyond the run's threshold."""

    @property
    def n(self) -> int:
        return self.detection_rate.n


@dataclass(frozen=True)
class OODDetection:
    """The results of all sets, against the same test images; ``metrics.json`` has it so."""

    JSON_PROPERTIES: ClassVar[tuple[str, ...]] = ("worst",)

    layer: str
    """The last hidden layer, in which distances are measured."""
    threshold: float
    """Distance beyond which an image counts as out of distribution: the 99th percentile of held-out images."""
    false_positive_rate: Share
    """Test images beyond the threshold."""
    sets: tuple[OODSetResult, ...]
    skipped: tuple[SkippedSet, ...]

    @property
    def worst(self) -> str | None:
        """The set that the distance separates worst; None unless its interval lies below those of all others."""
        lowest = min(self.sets, key=lambda each: each.distance.value, default=None)
        others = [each.simultaneous_interval.low for each in self.sets if each is not lowest]
        return lowest.name if lowest and others and lowest.simultaneous_interval.high < min(others) else None


def measure_ood_detection(
    predictor: Predictor,
    mahalanobis: MahalanobisDistance,
    known: Images,
    sets: tuple[OODSet, ...],
    skipped: tuple[SkippedSet, ...],
    *,
    on_step: Callable[[], None] = lambda: None,
) -> OODDetection:
    """Score the test images ``known`` (n, h, w, c) and every set by distance and by confidence."""

    def scores(images: Images) -> tuple[Floats, Floats]:
        features, logits = predictor.features_and_logits(images)
        return mahalanobis.of(features), -log_softmax(logits.astype("float64")).max(axis=1)

    known_distance, known_confidence = scores(known)
    measured = []
    for each in sets:
        measured.append(scores(each.images))
        on_step()
    differences = [
        auroc_difference((distance, known_distance), (confidence, known_confidence)) for distance, confidence in measured
    ]
    adjusted = holm([each.p for each in differences])
    results = tuple(
        OODSetResult(
            each.name,
            each.title,
            auroc(distance, known_distance),
            auroc(distance, known_distance, z=simultaneous_z(len(sets))).interval,
            auroc(confidence, known_confidence),
            difference,
            adjusted_p,
            Share.of(distance > mahalanobis.threshold),
        )
        for each, (distance, confidence), difference, adjusted_p in zip(sets, measured, differences, adjusted, strict=True)
    )
    false_positives = Share.of(known_distance > mahalanobis.threshold)
    return OODDetection(mahalanobis.layer_name, mahalanobis.threshold, false_positives, results, skipped)
