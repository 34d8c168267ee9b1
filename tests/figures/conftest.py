"""Small synthetic records; tests/conftest.py provides real ones."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np
import pytest

from convscope.analysis.evaluation import Evaluation
from convscope.analysis.metrics import data_metrics, evaluation_metrics, network_metrics
from convscope.analysis.sampling import choose_examples
from convscope.data.dataset import Dataset, Provenance, Split
from convscope.figures.figure import Illustration
from convscope.figures.gallery import illustrate
from convscope.models.network import Layer, Network
from convscope.runs.record import RunRecord
from convscope.training.history import EpochRecord, History

Make = Callable[..., RunRecord]


@pytest.fixture(scope="session")
def illustrations(digits_record: RunRecord) -> Mapping[str, Illustration]:
    """The figures of a real run by name."""
    return {each.name: each for each in illustrate(digits_record)}


@pytest.fixture(scope="session")
def make_record() -> Make:
    """Return a function that makes a record of noise from class names, image shape (h, w, c) and seed."""
    return _make_record


def _make_record(names: Sequence[str] = ("a", "b", "c"), *, shape: tuple[int, int, int] = (12, 12, 1), epochs: int = 3,
                 seed: int = 0, layers: tuple[Layer, ...] | None = None, per_class: int = 6) -> RunRecord:  # fmt: skip
    random = np.random.default_rng(seed)
    classes = len(names)
    labels = np.arange(classes * per_class) % classes
    images = random.integers(0, 256, (len(labels), *shape), dtype=np.uint8)
    dataset = Dataset(
        "made", Split(images, labels), Split(images[::-1], labels[::-1]), tuple(names), Provenance("made", "noise")
    )
    logits = random.normal(size=(len(labels), classes)) + 2 * np.eye(classes)[dataset.test.labels]
    evaluation = Evaluation(dataset.test.labels, logits.astype(np.float32), tuple(names))
    history = History(tuple(
        EpochRecord(epoch, 0.1, 1.0 / epoch, 1 - 0.4 / epoch, 1.1 / epoch + 0.01 * seed, 1 - 0.5 / epoch, 1e-3)
        for epoch in range(1, epochs + 1)
    ))  # fmt: skip
    network = Network("made", shape, layers if layers is not None else _convolution(shape, classes, random))
    metrics = {
        "epochs": epochs, **network_metrics(network), "data": data_metrics(dataset, dataset.test, len(labels)),
        "test": evaluation_metrics(evaluation),
    }  # fmt: skip
    request = {"model": "made", "config": {"validation": "held-out"}, "dataset": {"class_names": list(names)}}
    return RunRecord(request, metrics, history, evaluation, network, (), choose_examples(dataset, evaluation))


def _convolution(shape: tuple[int, int, int], classes: int, random: np.random.Generator) -> tuple[Layer, ...]:
    height, width, channels = shape
    after = (height - 2, width - 2, 4)
    flat = int(np.prod(after))

    def noise(*size: int) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
        return random.normal(size=size).astype(np.float32)

    convolution = {"kernel_size": [3, 3], "strides": [1, 1], "padding": "valid", "activation": "relu"}
    return (
        Layer("convolution", "Conv2D", convolution, shape, after, {"kernel": noise(3, 3, channels, 4), "bias": noise(4)}),
        Layer("flatten", "Flatten", {}, after, (flat,)),
        Layer("output", "Dense", {"activation": "softmax"}, (flat,), (classes,), {"kernel": noise(flat, classes)}),
    )


@pytest.fixture(scope="session")
def on_test_record(digits_record: RunRecord) -> RunRecord:
    """A real run that validates on its test split, as the recipe ``notebook`` does."""
    request = {**digits_record.request, "config": {**digits_record.request["config"], "validation": "test"}}
    return replace(digits_record, request=request)
