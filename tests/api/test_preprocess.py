from __future__ import annotations

import io
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import convscope
from convscope.errors import ConfigError, PictureError, RunError
from convscope.exporters.metadata import ModelMetadata
from convscope.models.predictor import Predictor
from convscope.prediction.classifier import open_classifier

from ..handwriting import penned, photo_of_one, photo_of_sheet  # type: ignore[import-not-found]


@pytest.fixture(scope="module")
def photos() -> list[bytes]:
    """Of single digits, and of a sheet with nine."""
    random = np.random.default_rng(7)
    one = [photo_of_one(penned(each, 150, random), each, random).content for each in "58"]
    sheet = photo_of_sheet([penned(each, 90, random) for each in "574855577"], list("574855577"), [3, 3, 3], random)
    return [*one, sheet.content]


@pytest.mark.slow
def test_the_arrays_are_those_that_predict_feeds_the_network(digits_run: convscope.Run, photos: list[bytes]) -> None:
    expected = convscope.predict(digits_run, photos)
    predictor = Predictor(digits_run.folder / "model.onnx")
    found = convscope.preprocess(
        digits_run, photos, logits=lambda inputs: predictor.logits(np.rint(255 * inputs).astype(np.uint8))
    )
    assert (found.dtype, found.shape) == (np.float32, expected.prepared.shape)
    assert len(found) > len(photos)
    assert np.array_equal(np.rint(255 * found).astype(np.uint8), expected.prepared)
    assert np.array_equal(found, expected.prepared / np.float32(255))


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["path", "bytes", "array", "Pillow", "batch", "list"])
def test_every_kind_of_image_is_taken(kind: str, digits_run: convscope.Run, photos: list[bytes], tmp_path: Path) -> None:
    (tmp_path / "photo.jpg").write_bytes(photos[0])
    image = Image.open(io.BytesIO(photos[0]))
    given = {
        "path": tmp_path / "photo.jpg", "bytes": photos[0], "array": np.asarray(image), "Pillow": image,
        "batch": digits_run.dataset.test.images[:4], "list": photos[:2],
    }[kind]  # fmt: skip
    expected = convscope.predict(digits_run, given, single=True).prepared
    assert np.array_equal(convscope.preprocess(digits_run, given, dtype="uint8", single=True), expected)


@pytest.mark.slow
def test_metadata_are_taken_for_the_run(digits_run: convscope.Run, photos: list[bytes]) -> None:
    about = json.loads(Predictor(digits_run.folder / "model.onnx").metadata["convscope"])
    from_run = convscope.preprocess(digits_run.folder, photos)
    assert np.array_equal(convscope.preprocess(about, photos), from_run)
    assert np.array_equal(convscope.preprocess(digits_run.folder / "model.onnx", photos), from_run)


def test_an_image_that_is_no_digit_is_cropped_inverted_and_scaled() -> None:
    about = ModelMetadata((4, 6, 1), ("a", "b"), polarity="light on dark")
    image = np.full((40, 100), 255, np.uint8)
    image[10:30, 40:60] = 0
    found = convscope.preprocess(about, image)
    assert found.shape == (1, 4, 6, 1)
    assert (found[0, 1:3, 2:4] == 1).all()
    assert found.sum() == 4


def test_an_image_without_a_digit_is_blank(digits_run: convscope.Run) -> None:
    assert not convscope.preprocess(digits_run, np.full((90, 90), 200, np.uint8)).any()


def test_what_cannot_be_preprocessed_is_refused(digits_run: convscope.Run, tmp_path: Path) -> None:
    image = np.zeros((8, 8), np.uint8)
    (tmp_path / "net.onnx").write_bytes(b"nonsense")
    (tmp_path / "net.tflite").write_bytes(b"nonsense")
    for contract in ("no-run", tmp_path, tmp_path / "net.onnx", tmp_path / "net.tflite", {}, {"image_shape": [8, 8, 1]}):
        with pytest.raises(RunError, match=r"\. \w+"):
            convscope.preprocess(contract, image)
    with pytest.raises(RunError, match="says nothing about the preprocessing"):
        convscope.preprocess(digits_run.folder / "model.keras", image)
    with pytest.raises(ConfigError, match="float64"):
        convscope.preprocess(digits_run, image, dtype="float64")  # type: ignore[arg-type]
    with pytest.raises(PictureError, match="picture 0"):
        convscope.preprocess(digits_run, b"nonsense")


@pytest.mark.slow
def test_it_takes_neither_a_back_end_nor_onnx_runtime(digits_run: convscope.Run) -> None:
    code = (
        "import sys, numpy, convscope\n"
        f"for contract in ({str(digits_run.folder)!r}, {str(digits_run.folder / 'model.onnx')!r}):\n"
        "    convscope.preprocess(contract, numpy.eye(60))\n"
        "print({'onnx', 'onnxruntime', 'keras', 'tensorflow', 'matplotlib'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"
    assert open_classifier(digits_run.folder).fitting.digits is not None
