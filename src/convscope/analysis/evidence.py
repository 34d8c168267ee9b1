"""Evidence: the images behind a run's numbers, and what was measured with them; what a page needs beyond the metrics."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np

from ..data.dataset import Dataset, Split
from ..models.network import Network, Weights
from ..models.onnx_writer.writer import onnx_bytes
from ..models.predictor import Predictor
from ..training.validation_split import SelectionSplit, train_and_holdout_indices
from ..types import Images, Labels
from .epoch_snapshots import BeforeReading, EpochSnapshots, evaluate_snapshots, reproduces_logits
from .evaluation import Evaluation
from .mistakes.nearest_neighbours import NO_NEIGHBOUR, NearestNeighbours, NearestNeighbourSearch
from .ood.mahalanobis import MIN_IMAGES, MahalanobisDistance, ReferenceData
from .pca_map import PCAMap, choose_points, measure_pca_map
from .sampling import (
    PER_CLASS,
    REFERENCE_BYTES,
    REFERENCE_IMAGES,
    SHARE_OF_SAMPLE,
    choose_test_images,
    number_that_fits,
    reference_sample,
)


@dataclass(frozen=True, eq=False)
class Evidence:
    """Images (·, h, w, c) uint8 of both splits with their indices, and measurements in the last hidden layer.

    None stands for what does not apply to this network or these images.
    """

    test_images: Images
    test_indices: Labels
    """Indices in the test split, ascending: all of them, or a sample that prefers misclassified images."""
    reference_images: Images
    """Training images: first ``sample`` ones drawn at random in proportion to their classes, then the nearest neighbours of
    misclassified images, then others that were asked for."""
    reference_labels: Labels
    reference_indices: Labels
    """Indices in the training split, validation images included."""
    sample: int
    nearest_neighbours: NearestNeighbours | None
    """Of the misclassified test images, the most confident first, as many as fit."""
    selected_on: SelectionSplit
    """What the distances were measured on. On training images, where there are no independent ones, they are
    optimistic."""
    mahalanobis: MahalanobisDistance | None
    epoch_snapshots: EpochSnapshots | None
    pca_map: PCAMap | None = None
    """None also in runs of earlier versions."""


def with_training_images(evidence: Evidence, train: Split, indices: Labels) -> Evidence:
    """Return ``evidence`` with the training images at ``indices`` (m,) appended to its reference images."""
    new = indices[~np.isin(indices, evidence.reference_indices)]
    return replace(
        evidence,
        reference_images=np.concatenate([evidence.reference_images, train.images[new]]),
        reference_labels=np.concatenate([evidence.reference_labels, train.labels[new]]),
        reference_indices=np.concatenate([evidence.reference_indices, new]),
    )


class MeasuredRun(Protocol):
    """What the analysis needs of a run. :class:`convscope.runs.record.RunRecord` provides it, one package higher."""

    @property
    def request(self) -> Mapping[str, Any]: ...
    @property
    def metrics(self) -> Mapping[str, Any]: ...
    @property
    def evaluation(self) -> Evaluation: ...
    @property
    def network(self) -> Network: ...
    @property
    def snapshots(self) -> tuple[Mapping[str, Weights], ...]: ...
    @property
    def evidence(self) -> Evidence | None: ...


MAX_MISTAKES = 1000
"""Misclassified images that neighbours are searched for: no more fit into the page."""
FITTED = 2000
"""Training images that class means and covariance are fitted to."""
BLOCK = 4096
"""Training images at a time, in the search for neighbours."""


def collect_evidence(
    record: MeasuredRun, dataset: Dataset, predictor: Predictor, *, before_reading: BeforeReading | None = None
) -> Evidence:
    """Collect the evidence of a run; the same right after the training as from the run folder."""
    seed = int(record.request["seed"])
    evaluation, train, test = record.evaluation, dataset.train, dataset.test
    trained, held_out, selected_on = train_and_holdout_indices(train, record.request["config"], seed=seed)
    shown = choose_test_images(test.images, evaluation, seed=seed)
    epoch_snapshots = evaluate_snapshots(
        record.network, record.snapshots, test.images, evaluation, before_reading=before_reading
    )
    limit, sample = _reference_sample(train, trained, held_out, seed)
    reference, nearest, mahalanobis, pca_map = sample, None, None, None
    if extractor := _feature_extractor(record, predictor, test):
        mistakes = evaluation.mistakes[np.isin(evaluation.mistakes, shown)][: min(limit, MAX_MISTAKES)]
        found = search(extractor, test.take(mistakes), evaluation.predictions[mistakes], train, trained)
        reference, nearest = _with_neighbours(sample, mistakes, found, limit)
        hidden = record.network.layers[-2].name
        mahalanobis = _measure(extractor, train, trained, held_out, hidden, seed)
        points = choose_points(evaluation, shown, seed=seed)
        pca_map = measure_pca_map(extractor, test.images[points], points, hidden)
    return Evidence(
        test.images[shown],
        shown,
        train.images[reference],
        train.labels[reference],
        reference,
        len(sample),
        nearest,
        selected_on,
        mahalanobis,
        epoch_snapshots,
        pca_map,
    )


def measure_reference_data(
    predictor: Predictor, train: Split, config: Mapping[str, Any], *, layer_name: str, seed: int
) -> ReferenceData | None:
    """Measure what predictions need of a run that makes no report: equal to that in the evidence, from the same images.

    None for a network without a hidden layer, or without training images. For MNIST it takes a fifth of a second on two processors.
    """
    if not predictor.has_features:
        return None
    trained, held_out, _ = train_and_holdout_indices(train, config, seed=seed)
    _, sample = _reference_sample(train, trained, held_out, seed)
    mahalanobis = _measure(predictor, train, trained, held_out, layer_name, seed)
    return ReferenceData(train.images[sample], mahalanobis) if len(sample) else None


def _reference_sample(train: Split, trained: Labels, held_out: Labels, seed: int) -> tuple[int, Labels]:
    """Return how many training images fit into the page, and the indices of the sample."""
    limit = number_that_fits(train.images, REFERENCE_BYTES)
    number = min(max(REFERENCE_IMAGES, PER_CLASS * len(np.unique(train.labels))), int(limit * SHARE_OF_SAMPLE))
    return limit, reference_sample(train.labels, trained, held_out, number=number, seed=seed)


def _measure(
    predictor: Predictor, train: Split, trained: Labels, held_out: Labels, layer_name: str, seed: int
) -> MahalanobisDistance | None:
    sample = reference_sample(train.labels, trained, held_out, number=FITTED, seed=seed)
    if len(held_out) < MIN_IMAGES or len(sample) == 0:
        return None
    fitted, features = (predictor.features_and_logits(train.images[indices])[0] for indices in (sample, held_out))
    if not (np.isfinite(fitted).all() and np.isfinite(features).all()):  # after a training that diverged
        return None
    return MahalanobisDistance.fit(fitted, train.labels[sample], features, layer_name)


def search(predictor: Predictor, mistakes: Split, predictions: Labels, train: Split, trained: Labels) -> Labels:
    """Return (2, m, 3) indices in the training split: the nearest images of the true and of the predicted class.

    ``mistakes`` holds m misclassified test images, ``predictions`` (m,) their predicted classes, ``trained`` the indices of the
    images that were trained on. ``predictor`` must expose the last hidden layer.
    """
    if len(mistakes) == 0:
        return np.empty((2, 0, 3), np.int64)
    features, _ = predictor.features_and_logits(mistakes.images)
    nearest = NearestNeighbourSearch(np.concatenate([features, features]), np.concatenate([mistakes.labels, predictions]))
    by_class = trained[np.argsort(train.labels[trained], kind="stable")]  # so that few blocks hold several classes
    for start in range(0, len(by_class), BLOCK):
        block = by_class[start : start + BLOCK]
        nearest.add(predictor.features_and_logits(train.images[block])[0], train.labels[block], block)
    return nearest.indices.reshape(2, len(mistakes), -1)


def _feature_extractor(record: MeasuredRun, predictor: Predictor, test: Split) -> Predictor | None:
    """Return a predictor that exposes the last hidden layer, or None if the network has none."""
    if len(record.network.layers) < 2:
        return None
    if predictor.has_features:
        return predictor
    reproduced = reproduces_logits(record.network, test.images, record.evaluation)
    return Predictor(onnx_bytes(record.network)) if reproduced else None


def _with_neighbours(sample: Labels, mistakes: Labels, found: Labels, limit: int) -> tuple[Labels, NearestNeighbours | None]:
    """Return indices of the reference images, the sample and the neighbours that fit into ``limit``, and the neighbours."""
    row_of = {int(index): row for row, index in enumerate(sample)}
    rows = np.full(found.shape, NO_NEIGHBOUR, np.int64)
    fitting = 0
    for number in range(len(mistakes)):
        indices = [int(index) for index in found[:, number].ravel() if index != NO_NEIGHBOUR]
        if len(row_of) + len(set(indices) - row_of.keys()) > limit:
            break
        for index in indices:
            row_of.setdefault(index, len(row_of))
        rows[:, number] = [[row_of.get(int(index), NO_NEIGHBOUR) for index in side] for side in found[:, number]]
        fitting += 1
    reference = np.array(list(row_of), np.int64)
    return reference, NearestNeighbours(mistakes[:fitting], rows[0, :fitting], rows[1, :fitting]) if fitting else None
