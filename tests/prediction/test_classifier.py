from __future__ import annotations

import contextlib
import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import convscope
from convscope.analysis.ood.mahalanobis import MIN_IMAGES
from convscope.api.run import Run
from convscope.data.dataset import Dataset
from convscope.data.digits.mnist_style import DigitPreprocessing
from convscope.data.preprocessing import ImagePreprocessor, to_inputs
from convscope.errors import ConfigError, RunError
from convscope.models.network import Network
from convscope.models.onnx_writer.writer import onnx_bytes
from convscope.prediction.classifier import NEEDED, open_classifier, why_no_distances
from convscope.prediction.classify import predict
from convscope.runs import files, opening, run_folder
from convscope.system.arrays import load_arrays, save_arrays
from convscope.system.files import write_json


def test_a_run_has_calibration_and_reference_data(digits_run: Run) -> None:
    classifier = open_classifier(digits_run.folder)
    evidence = digits_run.record.evidence
    assert evidence is not None
    assert evidence.mahalanobis is not None
    assert classifier.class_names == digits_run.dataset.class_names
    assert classifier.fitting == ImagePreprocessor((8, 8, 1), DigitPreprocessing(8, 8, digit_size_fraction=1.0))
    assert classifier.temperature == digits_run.record.metrics["uncertainty"]["temperature"]
    assert classifier.mahalanobis is not None
    assert classifier.mahalanobis.threshold == evidence.mahalanobis.threshold


def test_only_what_is_needed_is_read(run_copy: Path) -> None:
    for path in run_copy.rglob("*"):
        if path.is_file() and path.name not in NEEDED | {files.MANIFEST, files.EXAMPLES}:
            path.write_bytes(b"damaged")
    open_classifier(run_copy)


@pytest.mark.parametrize("name", ["model.onnx", "run.json", "evidence.npz"])
def test_damage_to_what_is_needed_is_named(name: str, run_copy: Path) -> None:
    with (run_copy / name).open("r+b") as file:
        file.seek(50)
        file.write(b"\0\0\0\0")
    with pytest.raises(RunError, match=name):
        open_classifier(run_copy)


def test_the_reason_for_missing_distances_is_the_one_that_holds() -> None:
    assert "fewer than" in why_no_distances(MIN_IMAGES - 1, {})
    assert "earlier version" in why_no_distances(MIN_IMAGES, {"convscope": "0.1.0"})
    assert "not finite" in why_no_distances(MIN_IMAGES, {"convscope": convscope.__version__})


def test_a_run_without_evidence_predicts_without_distances(run_copy: Path, digits_run: Run) -> None:
    (run_copy / files.EVIDENCE).unlink()
    run_folder.write_manifest(run_copy)
    classifier = open_classifier(run_copy)
    assert classifier.mahalanobis is None
    assert f"convscope report {run_copy}" in str(classifier.ood_unavailable_reason)
    assert classifier.is_calibrated
    assert classifier.temperature == digits_run.record.metrics["uncertainty"]["temperature"]
    assert classifier.fitting == ImagePreprocessor((8, 8, 1), DigitPreprocessing(8, 8, digit_size_fraction=1.0))


def test_distances_for_another_number_of_features_are_refused(run_copy: Path) -> None:
    arrays = load_arrays(run_copy / files.EVIDENCE)
    arrays["mahalanobis/whitening"] = arrays["mahalanobis/whitening"][1:]
    save_arrays(run_copy / files.EVIDENCE, arrays)
    run_folder.write_manifest(run_copy)
    with pytest.raises(RunError, match=r"mahalanobis/whitening has \d+ instead of \d+ features"):
        open_classifier(run_copy)


@pytest.mark.slow
def test_a_run_without_a_report_detects_out_of_distribution_images_too(
    digits: Dataset, digits_run: Run, tmp_path: Path
) -> None:
    """With the same images and numbers as in the evidence of a report."""
    bare = convscope.train(digits, epochs=2, out=tmp_path / "bare", report=False)
    assert not (bare.folder / files.EVIDENCE).exists()
    one, other = open_classifier(bare.folder), open_classifier(digits_run.folder)
    assert one.ood_unavailable_reason is None
    assert one.mahalanobis is not None
    assert other.mahalanobis is not None
    assert np.array_equal(one.mahalanobis.distances, other.mahalanobis.distances)
    assert vars(one.mahalanobis).keys() == vars(other.mahalanobis).keys()
    assert one.mahalanobis.layer_name == other.mahalanobis.layer_name
    square = np.zeros((1, 8, 8, 1), np.uint8)
    square[:, 1:7, 1:7] = 255
    assert predict(one, square)[0].is_out_of_distribution is True
    known = predict(one, digits.test.images)
    assert known.is_out_of_distribution is not None
    assert known.is_out_of_distribution.mean() < 0.1


@pytest.mark.slow
def test_a_keras_model_predicts_as_its_run_does(digits_run: Run) -> None:
    """Whether it ends in a dense layer with a softmax, in a softmax layer, or in logits."""
    import keras

    images, model = digits_run.dataset.test.images, digits_run.model
    expected = predict(open_classifier(digits_run.folder), images).logits
    last = model.layers[-1]
    dense = keras.layers.Dense(last.units, name="dense_without")
    logits = dense(last.input)
    dense.set_weights(last.get_weights())
    for each in (
        model,
        keras.Model(model.inputs[0], logits),
        keras.Model(model.inputs[0], keras.layers.Softmax()(logits)),
    ):
        with contextlib.nullcontext() if each is model else pytest.warns(UserWarning, match="resized to 8x8x1"):
            classifier = open_classifier(each)
        found = predict(classifier, images)
        assert np.abs(found.logits - expected).max() < 1e-4
        assert found.class_names == tuple("0123456789")
        if each is model:  # a run's own model has its calibration too
            run = predict(open_classifier(digits_run.folder), images)
            assert found.probabilities == pytest.approx(run.probabilities, abs=1e-4)
            assert found.is_calibrated == run.is_calibrated
        else:
            assert found.probabilities == pytest.approx(np.asarray(model(to_inputs(images))), abs=1e-5)
            assert not found.is_calibrated
        assert found.distances is None
        assert "run folder" in str(classifier.ood_unavailable_reason)


def test_models_that_do_not_classify_images_are_refused(digits_run: Run, tmp_path: Path) -> None:
    import keras

    flat = keras.Sequential([keras.Input((64,)), keras.layers.Dense(3, activation="softmax")])
    any_size = keras.Sequential([keras.Input((None, None, 1)), keras.layers.GlobalMaxPooling2D(), keras.layers.Dense(3)])
    one_output = keras.Sequential([keras.Input((8, 8, 1)), keras.layers.Flatten(), keras.layers.Dense(1)])
    for model, words in (
        (flat, r"\(None, 64\)"),
        (any_size, r"None, None, 1\)"),
        (7, "a int"),
    ):
        with pytest.raises(ConfigError, match=words):
            open_classifier(model)  # type: ignore[arg-type]
    with pytest.raises(RunError, match="'dense.*', a Dense"):
        open_classifier(one_output)
    with pytest.raises(RunError, match=r"model\.keras'.*run folder"):
        open_classifier(digits_run.folder / "model.keras")


@pytest.mark.slow
def test_an_exported_keras_file_predicts_as_its_run_does(digits_run: Run, run_copy: Path, tmp_path: Path) -> None:
    convscope.export(run_copy, "keras", out=tmp_path / "own.keras")
    classifier, of_run = open_classifier(tmp_path / "own.keras"), open_classifier(digits_run.folder)
    assert classifier.class_names == of_run.class_names
    assert classifier.fitting == of_run.fitting
    assert (classifier.temperature, classifier.is_calibrated) == (of_run.temperature, True)
    images = 255 - digits_run.dataset.test.images[:5]
    one, other = (predict(each, images) for each in (classifier, of_run))
    assert np.array_equal(one.prepared, other.prepared)
    assert np.abs(one.logits - other.logits).max() < 1e-4


def test_a_model_file_predicts_as_its_run_does(digits_run: Run, tmp_path: Path) -> None:
    path = shutil.copy(digits_run.folder / "model.onnx", tmp_path / "alone.onnx")
    classifier, of_run = open_classifier(path), open_classifier(digits_run.folder)
    assert classifier.class_names == of_run.class_names
    assert (
        classifier.fitting
        == of_run.fitting
        == ImagePreprocessor((8, 8, 1), DigitPreprocessing(8, 8, digit_size_fraction=1.0))
    )
    assert classifier.temperature == of_run.temperature


def test_a_model_file_of_an_earlier_version_has_class_names_only(digits_record: object, tmp_path: Path) -> None:
    network: Network = digits_record.network  # type: ignore[attr-defined]
    (tmp_path / "old.onnx").write_bytes(onnx_bytes(network, metadata={"class_names": json.dumps(list("0123456789"))}))
    classifier = open_classifier(tmp_path / "old.onnx")
    assert classifier.class_names == tuple("0123456789")
    assert classifier.fitting == ImagePreprocessor((8, 8, 1))
    assert classifier.temperature == 1


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda request: {**request, "dataset": {}}, r"run\.json'"),
        (lambda request: [], r"run\.json'"),
        (
            lambda request: {"dataset": {**request["dataset"], "image_shape": [8, 8]}},
            "run",
        ),
    ],
)
def test_a_damaged_description_is_refused(spoil: Callable[[object], object], words: str, run_copy: Path) -> None:
    request = opening.read_json(run_copy / files.REQUEST)
    write_json(run_copy / files.REQUEST, spoil(request))
    run_folder.write_manifest(run_copy)
    with pytest.raises(RunError, match=words):
        open_classifier(run_copy)


@pytest.mark.parametrize("name", ["report.html", "model.keras", "run.json"])
def test_another_file_of_a_run_is_refused_with_the_run_to_pass(name: str, digits_run: Run) -> None:
    with pytest.raises(RunError, match=rf"a file, not a run folder\. Did you mean '{re.escape(str(digits_run.folder))}'\?"):
        open_classifier(digits_run.folder / name)


def test_a_file_that_is_no_model_is_refused(tmp_path: Path, digits_record: object) -> None:
    network: Network = digits_record.network  # type: ignore[attr-defined]
    (tmp_path / "text.onnx").write_text("hello")
    (tmp_path / "nameless.onnx").write_bytes(onnx_bytes(network))
    (tmp_path / "odd.onnx").write_bytes(onnx_bytes(network, metadata={"class_names": json.dumps(7)}))
    for name, words in {
        "text.onnx": "ONNX|onnx",
        "absent.onnx": "no file",
        "nameless.onnx": "classes.*KeyError",
        "odd.onnx": "class_names is 7, not a list",
        "absent": "absent",
    }.items():
        with pytest.raises(RunError, match=words):
            open_classifier(tmp_path / name)
