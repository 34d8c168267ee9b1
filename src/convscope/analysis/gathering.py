"""Collect the evidence of a trained network. The test images choose nothing.

For MNIST and ``cnn`` it takes about two seconds on two processors: half for the exact search through 55,000 training images,
half for the test images after each epoch.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ..data.dataset import Dataset, Split
from ..data.split import stratified_split
from ..models.onnx_layers import onnx_bytes
from ..models.predictor import Predictor
from ..training.config import held_out_share
from ..types import Labels
from .calibration import TemperatureScaling, fit_temperature_scaling
from .coverage import SelectionSplit
from .evidence import Evidence
from .film import BeforeReading, evaluate_snapshots, reproduces_logits
from .neighbours import NO_NEIGHBOUR, NearestNeighbours, NearestNeighbourSearch
from .novelty import FeatureDistances, measure_feature_distances
from .record import RunRecord
from .sampling import REFERENCE_BYTES, choose_test_images, number_that_fits, reference_sample, stratified_sample

MAX_MISTAKES = 1000
"""Misclassified images that neighbours are searched for: the page has no room for more."""
MAX_HELD_OUT = 5000
"""Images that temperature and feature distances are measured on: as many as MNIST's validation images."""
BLOCK = 4096
"""Training images at a time, in the search for neighbours."""


def collect_evidence(
    record: RunRecord, dataset: Dataset, predictor: Predictor, *, before_reading: BeforeReading | None = None
) -> Evidence:
    """Collect the evidence of a run; the same right after the training as from the run folder.

    Args:
        record: The run.
        dataset: What its network was trained on.
        predictor: Runs the network.
        before_reading: Called before the test split is read.
    """
    seed = int(record.request["seed"])
    evaluation, train, test = record.evaluation, dataset.train, dataset.test
    trained, held_out, selected_on = train_and_holdout_indices(train.labels, record.request["config"], seed=seed)
    shown = choose_test_images(test.images, evaluation, seed=seed)
    epoch_snapshots = evaluate_snapshots(
        record.network, record.snapshots, test.images, evaluation, before_reading=before_reading
    )
    room = number_that_fits(train.images, REFERENCE_BYTES)
    sample = reference_sample(train.labels, trained, held_out, room=room, seed=seed)
    reference, nearest, scaling, distances = sample, None, None, None
    if extractor := _feature_extractor(record, predictor, test):
        mistakes = evaluation.mistakes[np.isin(evaluation.mistakes, shown)][: min(room, MAX_MISTAKES)]
        found = search(extractor, test.take(mistakes), evaluation.predictions[mistakes], train, trained)
        reference, nearest = _with_neighbours(sample, mistakes, found, room)
        scaling, distances = _measure(extractor, train, held_out, sample, record.network.layers[-2].name)
    return Evidence(
        test.images[shown],
        shown,
        train.images[reference],
        train.labels[reference],
        reference,
        len(sample),
        nearest,
        selected_on,
        scaling,
        distances,
        epoch_snapshots,
    )


def train_and_holdout_indices(
    labels: Labels, config: Mapping[str, Any], *, seed: int
) -> tuple[Labels, Labels, SelectionSplit]:
    """Return indices of the training split: those trained on, those to choose thresholds on, and what the latter are.

    The split is that of :func:`convscope.training.holding_out.split_for`.

    Args:
        labels: (n,) of the training split.
        config: The training configuration, as ``run.json`` has it.
        seed: Of the training.
    """
    if config["validation"] == "held-out":
        share = held_out_share(config["validation_fraction"], config.get("max_validation_images", len(labels)), len(labels))
        kept, held_out = stratified_split(labels, share, seed=seed)
        return kept, held_out[stratified_sample(labels[held_out], MAX_HELD_OUT, seed=seed)], "validation"
    # The recipe validated on the test split, which must not choose anything, so training images have to do.
    number = min(MAX_HELD_OUT, len(labels) // 2)
    return np.arange(len(labels)), stratified_sample(labels, number, seed=seed), "training"


def _measure(
    predictor: Predictor, train: Split, held_out: Labels, sample: Labels, layer_name: str
) -> tuple[TemperatureScaling | None, FeatureDistances | None]:
    if len(held_out) == 0 or len(sample) == 0:
        return None, None
    features, logits = predictor.features_and_logits(train.images[held_out])
    reference, _ = predictor.features_and_logits(train.images[sample])
    return fit_temperature_scaling(logits, train.labels[held_out]), measure_feature_distances(
        features, reference, layer_name
    )


def search(predictor: Predictor, wrong: Split, predictions: Labels, train: Split, trained: Labels) -> Labels:
    """Return (2, m, 3) indices in the training split: the nearest images of the true and of the predicted class.

    Args:
        predictor: Runs the network; must expose the last hidden layer.
        wrong: m misclassified test images.
        predictions: (m,) their predicted classes.
        train: The training split.
        trained: Indices of the images that were trained on.
    """
    if len(wrong) == 0:
        return np.empty((2, 0, 3), np.int64)
    features, _ = predictor.features_and_logits(wrong.images)
    nearest = NearestNeighbourSearch(np.concatenate([features, features]), np.concatenate([wrong.labels, predictions]))
    by_class = trained[np.argsort(train.labels[trained], kind="stable")]  # so that few blocks hold several classes
    for start in range(0, len(by_class), BLOCK):
        block = by_class[start : start + BLOCK]
        nearest.add(predictor.features_and_logits(train.images[block])[0], train.labels[block], block)
    return nearest.indices.reshape(2, len(wrong), -1)


def _feature_extractor(record: RunRecord, predictor: Predictor, test: Split) -> Predictor | None:
    """Return a predictor that exposes the last hidden layer, or None if the network has none."""
    if len(record.network.layers) < 2:
        return None
    if predictor.has_features:
        return predictor
    return (
        Predictor(onnx_bytes(record.network)) if reproduces_logits(record.network, test.images, record.evaluation) else None
    )


def _with_neighbours(sample: Labels, mistakes: Labels, found: Labels, room: int) -> tuple[Labels, NearestNeighbours | None]:
    """Return indices of the reference images, the sample and the neighbours that fit into ``room``, and the neighbours."""
    row_of = {int(index): row for row, index in enumerate(sample)}
    rows = np.full(found.shape, NO_NEIGHBOUR, np.int64)
    done = 0
    for number in range(len(mistakes)):
        indices = [int(index) for index in found[:, number].ravel() if index != NO_NEIGHBOUR]
        if len(row_of) + len(set(indices) - row_of.keys()) > room:
            break
        for index in indices:
            row_of.setdefault(index, len(row_of))
        rows[:, number] = [[row_of.get(int(index), NO_NEIGHBOUR) for index in side] for side in found[:, number]]
        done += 1
    reference = np.array(list(row_of), np.int64)
    return reference, NearestNeighbours(mistakes[:done], rows[0, :done], rows[1, :done]) if done else None
