"""Evidence is about the intended images, on any data, and the same whenever it is collected."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import numpy as np
import pytest
from sklearn.neighbors import NearestNeighbors

import convscope
from convscope.analysis.activations import activations
from convscope.analysis.evaluation import Evaluation
from convscope.analysis.evidence import Evidence, collect_evidence
from convscope.data.dataset import Dataset, Provenance, Split
from convscope.data.preprocessing import to_inputs
from convscope.models.network import Layer, Network
from convscope.models.onnx_writer.writer import onnx_bytes
from convscope.models.predictor import Predictor
from convscope.runs.record import RunRecord
from convscope.training.recipes import RECIPES
from convscope.training.validation_split import train_and_holdout_indices, validation_split

Array = np.ndarray[Any, Any]


@pytest.fixture(scope="module")
def evidence(digits_record: RunRecord) -> Evidence:
    assert digits_record.evidence is not None
    return digits_record.evidence


def hidden(run: convscope.Run, images: Array) -> Array:
    import keras

    return np.asarray(keras.Model(run.model.inputs[0], run.model.layers[-1].input)(to_inputs(images)))


@pytest.mark.parametrize("name", RECIPES)
@pytest.mark.parametrize("seed", [0, 3])
def test_the_validation_images_are_those_of_the_training(name: str, seed: int, digits: Dataset) -> None:
    # Few enough that its upper limit decides too, as it does for MNIST.
    config = replace(RECIPES[name](), max_validation_images=(100, 1000)[seed == 0])
    trained, measured, measured_on = train_and_holdout_indices(digits.train, config.as_dict(), seed=seed)
    kept, validation = validation_split(digits, config, seed=seed)
    assert np.array_equal(trained, kept)
    if config.validation == "held-out":
        assert measured_on == "validation"
        assert np.array_equal(digits.train.images[measured], validation.images)
    else:
        assert measured_on == "training"
        assert len(measured) == len(digits.train) // 2


def test_every_test_image_is_there(evidence: Evidence, digits: Dataset) -> None:
    assert np.array_equal(evidence.test_images, digits.test.images)
    assert evidence.test_indices.tolist() == list(range(len(digits.test)))


def test_reference_images_are_training_images_and_not_those_measured_on(
    evidence: Evidence, digits: Dataset, digits_record: RunRecord
) -> None:
    trained, measured, _ = train_and_holdout_indices(digits.train, digits_record.request["config"], seed=0)
    assert np.array_equal(evidence.reference_images, digits.train.images[evidence.reference_indices])
    assert np.array_equal(evidence.reference_labels, digits.train.labels[evidence.reference_indices])
    assert set(evidence.reference_indices) <= set(trained)
    assert not set(evidence.reference_indices) & set(measured)
    assert evidence.sample == 500
    assert len(set(evidence.reference_indices)) == len(evidence.reference_indices)


def test_the_nearest_are_those_that_scikit_learn_finds_among_all_training_images(
    evidence: Evidence, digits_run: convscope.Run, digits: Dataset
) -> None:
    trained, _, _ = train_and_holdout_indices(digits.train, digits_run.record.request["config"], seed=0)
    nearest, evaluation = evidence.nearest_neighbours, digits_run.evaluation
    assert nearest is not None
    assert nearest.test_indices.tolist() == evaluation.mistakes.tolist()
    known = hidden(digits_run, digits.train.images[trained])
    wrong = hidden(digits_run, digits.test.images[nearest.test_indices])
    for side, classes in ((nearest.true, digits.test.labels), (nearest.predicted, evaluation.predictions)):
        for row, label in enumerate(classes[nearest.test_indices]):
            members = np.flatnonzero(digits.train.labels[trained] == label)
            distances, places = NearestNeighbors(n_neighbors=3).fit(known[members]).kneighbors(wrong[row : row + 1])
            found = evidence.reference_indices[side[row]]
            assert found.tolist() == trained[members[places[0]]].tolist() or np.ptp(distances) < 1e-4


def test_distances_are_measured_on_the_validation_images(
    evidence: Evidence, digits_run: convscope.Run, digits: Dataset
) -> None:
    _, measured, _ = train_and_holdout_indices(digits.train, digits_run.record.request["config"], seed=0)
    assert evidence.selected_on == "validation"
    distance = evidence.mahalanobis
    assert distance is not None
    assert distance.layer_name == "dense"
    own = distance.of(hidden(digits_run, digits.train.images[measured]))
    assert np.allclose(distance.distances, np.percentile(own, range(101), method="weibull"), rtol=1e-3)


@pytest.mark.parametrize(("train", "is_known"), [(99 * 12, False), (100 * 12, True)])
def test_below_a_hundred_validation_images_nothing_is_called_out_of_distribution(train: int, is_known: bool) -> None:
    data = dataset(2, train=train, test=2)
    record = record_of(data)
    _, held_out, _ = train_and_holdout_indices(data.train, record.request["config"], seed=0)
    assert len(held_out) == (100 if is_known else 99)
    assert (collected(record, data).mahalanobis is not None) == is_known


def same(first: object, second: object) -> bool:
    if first is None or second is None or not hasattr(first, "__dataclass_fields__"):
        return (first is None) == (second is None) and bool(np.all(first == second))  # type: ignore[arg-type]
    return all(same(getattr(first, field.name), getattr(second, field.name)) for field in fields(first))  # type: ignore[arg-type]


def test_gathered_from_the_run_folder_it_is_the_same(evidence: Evidence, digits_run: convscope.Run, digits: Dataset) -> None:
    from convscope.runs import store

    record = store.load_record(digits_run.folder)
    assert record.evidence is not None
    assert same(record.evidence, evidence)
    assert same(collect_evidence(record, digits, Predictor(digits_run.folder / "model.onnx")), evidence)


def test_a_file_without_features_does_as_well(evidence: Evidence, digits_run: convscope.Run, digits: Dataset) -> None:
    class Old(Predictor):
        has_features = False

    again = collect_evidence(digits_run.record, digits, Old(digits_run.folder / "model.onnx"))
    assert same(again.nearest_neighbours, evidence.nearest_neighbours)
    assert again.mahalanobis is not None
    assert evidence.mahalanobis is not None
    assert np.allclose(again.mahalanobis.distances, evidence.mahalanobis.distances, rtol=1e-5)


def dataset(k: int, *, train: int, test: int, shape: tuple[int, int, int] = (5, 4, 3), seed: int = 0) -> Dataset:
    """Noise with a trend per class; at least one training image of each class."""
    generator = np.random.default_rng(seed)
    splits = []
    for number in (train, test):
        labels = np.concatenate([np.arange(k), generator.integers(0, k, max(number - k, 0))])[:number]
        images = generator.integers(0, 120, (number, *shape)) + (labels * 120 // k)[:, None, None, None]
        splits.append(Split(images.astype(np.uint8), labels))
    return Dataset("made", *splits, tuple(map(str, range(k))), Provenance("made", "made"))


def record_of(data: Dataset, *, validation: str = "held-out", perfect: bool = False) -> RunRecord:
    """An untrained network on ``data``; with ``perfect`` one that is never wrong on the test images."""
    size, k = int(np.prod(data.image_shape)), data.num_classes
    generator = np.random.default_rng(1)
    weights = [generator.normal(0, 0.3, shape).astype(np.float32) for shape in ((size, 8), (8,), (8, k), (k,))]
    layers = (
        Layer("flatten", "Flatten", {}, data.image_shape, (size,)),
        Layer("dense", "Dense", {"activation": "relu"}, (size,), (8,), dict(zip(("kernel", "bias"), weights[:2], strict=True))),
        Layer("dense_1", "Dense", {"activation": "softmax"}, (8,), (k,), dict(zip(("kernel", "bias"), weights[2:], strict=True))),
    )  # fmt: skip
    network = Network("made", data.image_shape, layers)
    linear = replace(network, layers=(*layers[:-1], replace(layers[-1], settings={"activation": "linear"})))
    logits = activations(linear, to_inputs(data.test.images))["dense_1"]
    if perfect:
        logits = np.eye(k, dtype=np.float32)[data.test.labels] * 3
    evaluation = Evaluation(data.test.labels, logits, data.class_names)
    request = {"seed": 0, "config": {"validation": validation, "validation_fraction": 1 / 12}}
    snapshots = (network.weight_arrays(),) * 3
    return RunRecord(request, {}, None, evaluation, network, snapshots, None)  # type: ignore[arg-type]


def collected(record: RunRecord, data: Dataset) -> Evidence:
    return collect_evidence(record, data, Predictor(onnx_bytes(record.network)))


@pytest.mark.slow
@pytest.mark.parametrize(("k", "train", "test"), [(2, 4, 2), (2, 300, 50), (7, 20, 3), (100, 900, 150), (1000, 2500, 40)])
@pytest.mark.parametrize("validation", ["held-out", "test"])
def test_any_number_of_classes_and_images_will_do(k: int, train: int, test: int, validation: str) -> None:
    data = dataset(k, train=train, test=test)
    record = record_of(data, validation=validation)
    evidence = collected(record, data)
    assert len(evidence.test_images) == test
    assert evidence.epoch_snapshots is not None
    assert evidence.epoch_snapshots.accuracy[-1] == pytest.approx(record.evaluation.accuracy)
    assert (evidence.epoch_snapshots.confusion is None) == (k > 100)
    if record.evaluation.errors:
        assert evidence.nearest_neighbours is not None
        rows = np.concatenate([evidence.nearest_neighbours.true, evidence.nearest_neighbours.predicted])
        assert rows.min() >= -1
        assert rows.max() < len(evidence.reference_images)


def test_without_mistakes_there_are_no_neighbours_to_show() -> None:
    data = dataset(3, train=60, test=20)
    evidence = collected(record_of(data, perfect=True), data)
    assert evidence.nearest_neighbours is None
    assert evidence.sample == len(evidence.reference_images) == 55
    assert evidence.epoch_snapshots is None  # these logits are not the network's


def test_a_true_class_that_nobody_trained_on_has_no_neighbours() -> None:
    data = dataset(3, train=60, test=30)
    only_two = np.flatnonzero(data.train.labels != 2)
    data = replace(data, train=data.train.take(only_two))
    record = record_of(data)
    evidence = collected(record, data)
    assert evidence.nearest_neighbours is not None
    true = data.test.labels[evidence.nearest_neighbours.test_indices]
    assert (evidence.nearest_neighbours.true[true == 2] == -1).all()
    assert (evidence.nearest_neighbours.true[true != 2] >= 0).all()


@pytest.mark.slow
def test_large_images_are_sampled_and_the_neighbours_of_some_mistakes_left_out() -> None:
    data = dataset(4, train=200, test=60, shape=(120, 120, 3))
    record = record_of(data)
    evidence = collected(record, data)
    assert 10 <= len(evidence.test_images) < 60
    assert len(evidence.reference_images) <= 30
    assert evidence.nearest_neighbours is not None
    assert set(evidence.nearest_neighbours.test_indices) <= set(evidence.test_indices)
    assert (
        evidence.nearest_neighbours.test_indices.tolist()
        == record.evaluation.mistakes[: len(evidence.nearest_neighbours.true)].tolist()
    )
