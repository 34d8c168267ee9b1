from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import asdict, replace
from functools import reduce
from operator import getitem
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest

from convscope.api.run import Run
from convscope.data.digits.mnist_style import DigitPreprocessing
from convscope.data.preprocessing import PREPARED, ImagePreprocessor
from convscope.errors import RunError
from convscope.exporters.formats import ENDINGS
from convscope.exporters.metadata import ModelMetadata, from_metadata, metadata_for_run
from convscope.exporters.snippets import snippets
from convscope.models.onnx_writer.protobuf import with_metadata
from convscope.models.predictor import Predictor
from convscope.prediction.classifier import open_classifier
from convscope.runs.record import RunRecord

from ..gold_files import GoldFiles  # type: ignore[import-not-found]


def test_a_run_describes_its_images(digits_run: Run, digits_record: RunRecord) -> None:
    contract = metadata_for_run(digits_record)
    of_run = open_classifier(digits_run.folder)
    assert contract == ModelMetadata(
        (8, 8, 1), tuple("0123456789"), "digits", "light on dark", DigitPreprocessing(8, 8, digit_size_fraction=1.0),
        of_run.temperature,
    )  # fmt: skip
    about = json.loads(contract.to_json())
    assert about["pixel_scale"] == pytest.approx(1 / 255)
    assert (about["channels"], about["layout"], about["dtype"]) == ("grey", "n, height, width, channels", "float32")


def test_what_is_written_is_read_back(digits_record: RunRecord) -> None:
    contract = metadata_for_run(digits_record)
    assert from_metadata(contract.to_metadata(), (8, 8, 1)) == contract
    photos = ModelMetadata((30, 40, 3), ("cat", "dög \u2028 <b>"), "photos")
    assert from_metadata(photos.to_metadata(), (30, 40, 3)) == photos


@pytest.mark.parametrize(
    "change",
    [
        {"image_shape": [9, 9, 1]}, {"image_shape": None}, {"class_names": 3}, {"class_names": "abc"}, {"temperature": 0},
        {"temperature": "hot"}, {"temperature": float("inf")}, {"digit_preprocessing": 7},
        {"digit_preprocessing": {"digit_size_fraction": 9}},
        {"digit_preprocessing": {"height": 28, "width": 28}}, {"version": 99}, {"pixels": {"range": [1, 1], "transposed": False}},
    ],
)  # fmt: skip
def test_contradictory_metadata_are_refused(change: dict[str, object], digits_record: RunRecord) -> None:
    about = {**metadata_for_run(digits_record).as_dict(), **change}
    with pytest.raises((KeyError, TypeError, ValueError)):
        from_metadata({"convscope": json.dumps(about)}, (8, 8, 1))


def places(value: object, way: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    yield way
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, each in children:
        yield from places(each, (*way, key))


@pytest.mark.parametrize(
    "other", [float("inf"), float("nan"), 10**400, -1, 0.5, "x", "\ud800", True, None, [], [[]], {}], ids=ascii
)
def test_a_value_of_another_kind_anywhere_is_one_error_or_passed_over(other: object, digits_record: RunRecord) -> None:
    known = metadata_for_run(digits_record).as_dict()
    for way in places(known):
        changed: Any = {"whole": deepcopy(known)}
        *before, last = ("whole", *way)
        reduce(getitem, before, changed)[last] = other
        for image_shape in (None, (8, 8, 1)):
            with contextlib.suppress(KeyError, ValueError, RunError):
                found = from_metadata({"convscope": json.dumps(changed["whole"])}, image_shape)
                assert found.image_shape == (8, 8, 1)


def test_polarity_is_that_of_nearly_all_grey_images(digits_record: RunRecord) -> None:
    dark = replace(digits_record.examples, samples=255 - digits_record.examples.samples)
    known = {name: value for name, value in digits_record.request["dataset"].items() if name not in ("polarity", PREPARED)}
    request = {
        **digits_record.request,
        "dataset": {**known, "content": "letters"},
    }  # an earlier version's run, which lacks them
    inverted = replace(digits_record, examples=dark, evidence=None, request=request)
    assert metadata_for_run(inverted).polarity == "dark on light"
    half = np.concatenate([digits_record.examples.samples, dark.samples])
    mixed = replace(inverted, examples=replace(dark, samples=half))
    assert metadata_for_run(mixed).polarity is None


def test_the_preprocessing_of_the_training_is_used(digits_record: RunRecord) -> None:
    settings = DigitPreprocessing(8, 8, centre=False, digit_size_fraction=0.9)
    known = {**digits_record.request["dataset"], "content": "letters", PREPARED: asdict(settings)}
    letters = metadata_for_run(replace(digits_record, request={**digits_record.request, "dataset": known}))
    assert letters.digits == settings
    assert (
        from_metadata(letters.to_metadata(), (8, 8, 1)).fitting == letters.fitting == ImagePreprocessor((8, 8, 1), settings)
    )
    turned = {**known, PREPARED: None, "polarity": "dark on light"}
    plain = metadata_for_run(replace(digits_record, request={**digits_record.request, "dataset": turned}))
    assert plain.fitting == ImagePreprocessor((8, 8, 1), None, "dark on light")


def test_metadata_change_and_the_network_does_not(digits_run: Run) -> None:
    content = (digits_run.folder / "model.onnx").read_bytes()
    changed = with_metadata(content, {"one": "ü", "two": ""})
    model, before = onnx.load_from_string(changed), onnx.load_from_string(content)
    onnx.checker.check_model(model, full_check=True)
    assert {entry.key: entry.value for entry in model.metadata_props} == {"one": "ü", "two": ""}
    assert model.graph == before.graph
    assert model.opset_import == before.opset_import
    again = {entry.key: entry.value for entry in before.metadata_props}
    assert onnx.load_from_string(with_metadata(changed, again)) == before
    session = onnxruntime.InferenceSession(changed)
    assert dict(session.get_modelmeta().custom_metadata_map) == {"one": "ü", "two": ""}


@pytest.mark.parametrize("content", [b"\xff" * 20, b"\x0a\xff\xff\xff\x7f", b"nonsense", b"\x0b"])
def test_a_file_that_is_no_onnx_file_is_refused(content: bytes) -> None:
    with pytest.raises(RunError, match="no ONNX file"):
        with_metadata(content, {})


def test_the_file_in_the_run_folder_has_it(digits_run: Run, digits_record: RunRecord) -> None:
    predictor = Predictor(Path(digits_run.folder) / "model.onnx")
    assert from_metadata(predictor.metadata, (8, 8, 1)) == metadata_for_run(digits_record)


def test_programs_that_use_an_exported_network(gold: GoldFiles) -> None:
    digits = ModelMetadata((28, 28, 1), tuple("0123456789"), "digits", "light on dark", DigitPreprocessing(28, 28), 1.25)
    programs = [
        f"# {name}, {language}\n{program}"
        for name, ending in ENDINGS.items()
        for language, program in snippets(name, Path(f"net{ending}"), digits).items()
    ]
    gold("export/programs", "\n".join(programs))
    assert (
        "dark on light"
        in snippets("onnx", Path("net.onnx"), replace(digits, polarity="dark on light", digits=None))["Python"]
    )
