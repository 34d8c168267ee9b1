from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from convscope import archive, runs
from convscope.api import Run
from convscope.data.digit import DigitSettings
from convscope.data.fitting import Fitting
from convscope.errors import RunError
from convscope.files import write_json
from convscope.models.network import Network
from convscope.models.onnx_layers import onnx_bytes
from convscope.prediction.classifier import NEEDED, open_classifier


def test_a_run_brings_everything_that_an_answer_is_held_against(digits_run: Run) -> None:
    classifier = open_classifier(digits_run.folder)
    evidence = digits_run.record.evidence
    assert evidence is not None
    assert evidence.novelty is not None
    assert classifier.class_names == digits_run.dataset.class_names
    assert classifier.fitting == Fitting((8, 8, 1), DigitSettings(8, 8, box_share=1.0))
    assert classifier.temperature == (evidence.calibration.temperature if evidence.calibration else 1)
    assert classifier.novelty is not None
    assert classifier.novelty.threshold == evidence.novelty.threshold
    assert classifier.examples is not None
    assert np.array_equal(classifier.examples, evidence.reference_images[: evidence.sample])


def test_only_what_is_needed_is_read(run_copy: Path) -> None:
    for path in run_copy.rglob("*"):
        if path.is_file() and path.name not in NEEDED | {runs.MANIFEST, archive.EXAMPLES}:
            path.write_bytes(b"damaged")
    open_classifier(run_copy)


@pytest.mark.parametrize("name", ["model.onnx", "run.json", "evidence.npz"])
def test_damage_to_what_is_needed_is_named(name: str, run_copy: Path) -> None:
    with (run_copy / name).open("r+b") as file:
        file.seek(50)
        file.write(b"\0\0\0\0")
    with pytest.raises(RunError, match=name):
        open_classifier(run_copy)


def test_a_run_without_evidence_answers_without_a_measure(run_copy: Path, digits_run: Run) -> None:
    (run_copy / archive.EVIDENCE).unlink()
    runs.write_manifest(run_copy)
    classifier = open_classifier(run_copy)
    assert (classifier.novelty, classifier.reference) == (None, None)
    assert classifier.is_calibrated
    assert classifier.temperature == digits_run.record.metrics["doubt"]["temperature"]
    assert classifier.fitting == Fitting((8, 8, 1), DigitSettings(8, 8, box_share=1.0))


def test_a_model_alone_answers_as_its_run_does(digits_run: Run, tmp_path: Path) -> None:
    path = shutil.copy(digits_run.folder / "model.onnx", tmp_path / "alone.onnx")
    classifier, of_run = open_classifier(path), open_classifier(digits_run.folder)
    assert classifier.class_names == of_run.class_names
    assert classifier.fitting == of_run.fitting == Fitting((8, 8, 1), DigitSettings(8, 8, box_share=1.0))
    assert classifier.temperature == of_run.temperature


def test_a_model_of_an_earlier_version_knows_its_classes_and_nothing_of_digits(
    digits_record: object, tmp_path: Path
) -> None:
    network: Network = digits_record.network  # type: ignore[attr-defined]
    (tmp_path / "old.onnx").write_bytes(onnx_bytes(network, metadata={"class_names": json.dumps(list("0123456789"))}))
    classifier = open_classifier(tmp_path / "old.onnx")
    assert classifier.class_names == tuple("0123456789")
    assert classifier.fitting == Fitting((8, 8, 1))
    assert classifier.temperature == 1


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda request: {**request, "dataset": {}}, "does not describe a dataset"),
        (lambda request: [], "does not describe a dataset"),
        (
            lambda request: {"dataset": {**request["dataset"], "image_shape": [8, 8]}},
            "do not fit together|does not describe",
        ),
    ],
)
def test_a_description_that_makes_no_sense_is_refused(spoil: Callable[[object], object], words: str, run_copy: Path) -> None:
    request = runs.read_json(run_copy / runs.REQUEST)
    write_json(run_copy / runs.REQUEST, spoil(request))
    runs.write_manifest(run_copy)
    with pytest.raises(RunError, match=words):
        open_classifier(run_copy)


def test_what_is_no_model_is_refused(tmp_path: Path, digits_record: object) -> None:
    network: Network = digits_record.network  # type: ignore[attr-defined]
    (tmp_path / "text.onnx").write_text("hello")
    (tmp_path / "nameless.onnx").write_bytes(onnx_bytes(network))
    (tmp_path / "odd.onnx").write_bytes(onnx_bytes(network, metadata={"class_names": json.dumps(7)}))
    for name, words in {
        "text.onnx": "cannot be opened",
        "absent.onnx": "there is no file at",
        "nameless.onnx": "does not say which classes",
        "odd.onnx": "does not say which classes",
        "absent": "no run folder at",
    }.items():
        with pytest.raises(RunError, match=words):
            open_classifier(tmp_path / name)
