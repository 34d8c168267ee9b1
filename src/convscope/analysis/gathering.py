"""From a dataset and a trained network to the evidence. The test images are only looked at: nothing is chosen by them.

For MNIST and ``cnn`` it takes about two seconds of two processors, half of it for the exact search through 55,000 training
images, half for the test images after each epoch.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import numpy as np

from ..data.dataset import Dataset, Split
from ..data.split import stratified_split
from ..models.onnx_layers import onnx_bytes
from ..models.predictor import Predictor
from ..training.config import held_out_share
from ..types import Labels
from .calibration import Calibration, calibrate
from .evidence import Evidence
from .film import BeforeReading, follows, shoot
from .neighbours import NOBODY, Nearest, NearestSearch
from .novelty import Novelty, novelty
from .record import RunRecord
from .sampling import REFERENCE_BYTES, choose_test_images, number_that_fits, reference_sample, stratified_sample

MOST_MISTAKES = 1000
"""Mistakes that neighbours are looked for, at most: more would not fit in with MNIST's images either."""
MOST_MEASURED = 5000
"""Images for calibration and novelty: as many as MNIST's validation images."""
BLOCK = 4096
"""Training images at a time, in the search for neighbours."""


def gather_evidence(
    record: RunRecord, dataset: Dataset, predictor: Predictor, *, before_reading: BeforeReading | None = None
) -> Evidence:
    """Everything of :class:`Evidence` for the network of ``record``, trained on ``dataset``, which ``predictor`` runs.

    The same arguments give the same evidence, whether it is gathered right after the training or from the run folder.
    ``before_reading`` is told what the test split is about to be read for, and how often.
    """
    seed = int(record.request["seed"])
    evaluation, train, test = record.evaluation, dataset.train, dataset.test
    trained, measured, measured_on = rows_of(train.labels, record.request["config"], seed=seed)
    shown = choose_test_images(test.images, evaluation, seed=seed)
    film = shoot(record.network, record.snapshots, test.images, evaluation, before_reading=before_reading)
    room = number_that_fits(train.images, REFERENCE_BYTES)
    sample = reference_sample(train.labels, trained, measured, room=room, seed=seed)
    reference, nearest, calibration, strangeness = sample, None, None, None
    if looker := _looker(record, predictor, test):
        mistakes = evaluation.mistakes[np.isin(evaluation.mistakes, shown)][: min(room, MOST_MISTAKES)]
        found = search(looker, test.take(mistakes), evaluation.predictions[mistakes], train, trained)
        reference, nearest = _with_neighbours(sample, mistakes, found, room)
        calibration, strangeness = _measure(looker, train, measured, sample, record.network.layers[-2].name)
    return Evidence(
        test.images[shown],
        shown,
        train.images[reference],
        train.labels[reference],
        reference,
        len(sample),
        nearest,
        measured_on,
        calibration,
        strangeness,
        film,
    )


def rows_of(
    labels: Labels, config: Mapping[str, Any], *, seed: int
) -> tuple[Labels, Labels, Literal["validation", "training"]]:
    """Places in the training split: of the images that were trained on, and of those to measure on; and what these are.

    The split is that of :func:`convscope.training.holding_out.split_for`. Where the recipe validated on the test split, which
    must not decide anything, it is training images that are measured on.
    """
    if config["validation"] == "held-out":
        share = held_out_share(config["validation_fraction"], config.get("most_validation", len(labels)), len(labels))
        kept, held_out = stratified_split(labels, share, seed=seed)
        return kept, held_out[stratified_sample(labels[held_out], MOST_MEASURED, seed=seed)], "validation"
    number = min(MOST_MEASURED, len(labels) // 2)
    return np.arange(len(labels)), stratified_sample(labels, number, seed=seed), "training"


def _measure(
    predictor: Predictor, train: Split, measured: Labels, sample: Labels, layer_name: str
) -> tuple[Calibration | None, Novelty | None]:
    """``measured`` and ``sample`` are places in ``train``."""
    if len(measured) == 0 or len(sample) == 0:
        return None, None
    features, logits = predictor.features_and_logits(train.images[measured])
    reference, _ = predictor.features_and_logits(train.images[sample])
    return calibrate(logits, train.labels[measured]), novelty(features, reference, layer_name)


def search(predictor: Predictor, wrong: Split, predictions: Labels, train: Split, trained: Labels) -> Labels:
    """(2, m, 3) places in the training split: the nearest images that were trained on, of the true and of the predicted
    class of every image in ``wrong``."""
    if len(wrong) == 0:
        return np.empty((2, 0, 3), np.int64)
    features, _ = predictor.features_and_logits(wrong.images)
    nearest = NearestSearch(np.concatenate([features, features]), np.concatenate([wrong.labels, predictions]))
    by_class = trained[np.argsort(train.labels[trained], kind="stable")]  # few blocks then hold more than one class
    for start in range(0, len(by_class), BLOCK):
        block = by_class[start : start + BLOCK]
        nearest.add(predictor.features_and_logits(train.images[block])[0], train.labels[block], block)
    return nearest.indices.reshape(2, len(wrong), -1)


def _looker(record: RunRecord, predictor: Predictor, test: Split) -> Predictor | None:
    """The predictor, if it tells the last hidden layer's activations; else one that does, if the network allows."""
    if len(record.network.layers) < 2:
        return None
    if predictor.has_features:
        return predictor
    return Predictor(onnx_bytes(record.network)) if follows(record.network, test.images, record.evaluation) else None


def _with_neighbours(sample: Labels, mistakes: Labels, found: Labels, room: int) -> tuple[Labels, Nearest | None]:
    """The reference images: the sample and the neighbours of as many mistakes as there is room for; and who is whose."""
    row_of = {int(place): row for row, place in enumerate(sample)}
    rows = np.full(found.shape, NOBODY, np.int64)
    done = 0
    for number in range(len(mistakes)):
        places = [int(place) for place in found[:, number].ravel() if place != NOBODY]
        if len(row_of) + len(set(places) - row_of.keys()) > room:
            break
        for place in places:
            row_of.setdefault(place, len(row_of))
        rows[:, number] = [[row_of.get(int(place), NOBODY) for place in side] for side in found[:, number]]
        done += 1
    reference = np.array(list(row_of), np.int64)
    return reference, Nearest(mistakes[:done], rows[0, :done], rows[1, :done]) if done else None
