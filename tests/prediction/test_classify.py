from __future__ import annotations

import io
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import convscope
from convscope.api.run import Run
from convscope.data.dataset import Dataset
from convscope.data.known.builtin import load_mnist
from convscope.data.preprocessing import to_inputs
from convscope.errors import ConfigError, PictureError, RunError
from convscope.models.onnx_writer.writer import onnx_bytes
from convscope.models.saving import with_logits
from convscope.prediction.classifier import Classifier, open_classifier
from convscope.prediction.classify import predict
from convscope.prediction.predictions import as_json


@pytest.fixture(scope="module")
def classifier(digits_run: Run) -> Classifier:
    return open_classifier(digits_run.folder)


@pytest.fixture(scope="module")
def folder(digits: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The test images as PNG files."""
    path = tmp_path_factory.mktemp("pictures")
    for number, image in enumerate(digits.test.images):
        Image.fromarray(image[..., 0]).save(path / f"{number:03}.png")
    return path


@pytest.mark.slow
def test_test_images_written_as_png_get_keras_predictions(digits_run: Run, folder: Path) -> None:
    images = digits_run.dataset.test.images
    found = convscope.predict(digits_run, folder, top=10)
    keras = with_logits(digits_run.model).predict(to_inputs(images), verbose=0)["logits"]
    assert len(found) == len(images)
    assert np.array_equal(found.prepared, images)
    assert np.abs(found.logits - keras).max() <= 1e-4
    assert np.array_equal(found.labels[:, 0], digits_run.evaluation.predictions)
    scaled = np.exp(keras.astype(np.float64) / found.temperature)
    assert np.abs(found.probabilities - scaled / scaled.sum(axis=1, keepdims=True)).max() <= 1e-4
    for row, each in enumerate(found):
        assert [answer.index for answer in each.answers] == np.argsort(-found.logits[row], kind="stable").tolist()
        assert sum(answer.probability for answer in each.answers) == pytest.approx(1)


def test_files_bytes_images_arrays_and_lists_get_the_same_predictions(
    digits_run: Run, classifier: Classifier, folder: Path
) -> None:
    images = digits_run.dataset.test.images[:5]
    paths = sorted(folder.iterdir())[:5]
    expected = predict(classifier, images).logits
    ways: list[Any] = [
        paths,
        [str(path) for path in paths],
        [path.read_bytes() for path in paths],
        [Image.open(path) for path in paths],
        list(images),
        list(images[..., 0]),
        images[..., 0],
        images / 255,
        (images / 255).astype(np.float32),
        iter(paths),
        [np.repeat(image, 3, axis=2) for image in images],
        [*paths[:2], images[2], images[3, ..., 0] / 255, paths[4].read_bytes()],
        f"{folder}/00[0-4].png",
    ]
    for pictures in ways:
        assert np.abs(predict(classifier, pictures).logits - expected).max() <= 1e-5
    for number, alone in enumerate([paths[0], images[1], images[2, ..., 0], Image.open(paths[3])]):
        assert np.abs(predict(classifier, alone).logits - expected[number]).max() <= 1e-5


def test_a_run_its_folder_and_its_model_agree(digits_run: Run) -> None:
    images = digits_run.dataset.test.images[:20]
    found = [
        convscope.predict(each, images) for each in (digits_run, str(digits_run.folder), digits_run.folder / "model.onnx")
    ]
    assert np.array_equal(found[0].logits, found[1].logits)
    assert np.array_equal(found[0].logits, found[2].logits)
    assert found[0][0].class_name == digits_run.dataset.class_names[digits_run.evaluation.predictions[0]]
    assert found[2].distances is None
    assert found[2][0].is_out_of_distribution is None


def test_distances_are_those_of_the_evidence(digits_run: Run, classifier: Classifier) -> None:
    images = digits_run.dataset.test.images[:30]
    found = predict(classifier, images)
    evidence = digits_run.record.evidence
    assert evidence is not None
    assert evidence.mahalanobis is not None
    features, _ = classifier.predictor.features_and_logits(images)
    assert np.allclose(found.distances, evidence.mahalanobis.of(features))
    assert found.is_out_of_distribution is not None
    assert found.is_out_of_distribution.mean() < 0.2


def test_an_out_of_distribution_image_is_detected(classifier: Classifier) -> None:
    square = np.zeros((8, 8), np.uint8)
    square[1:7, 1:7] = 255
    found = predict(classifier, square)
    assert found[0].is_out_of_distribution
    assert "out of distribution" in repr(found)


def test_an_image_that_needs_preprocessing_does_not_change_the_others(digits_run: Run, classifier: Classifier) -> None:
    images = digits_run.dataset.test.images[:6].copy()
    images[3] = 255 - images[3]
    before = images.copy()
    together = predict(classifier, images)
    assert np.array_equal(images, before)
    assert together[3].preprocessing_steps[0] == "inverted"
    assert together[2].preprocessing_steps == ("used unchanged",)
    for number, image in enumerate(images):
        alone = predict(classifier, image)
        assert np.array_equal(alone.prepared[0], together.prepared[number])
        assert alone.preprocessing_steps[0] == together.preprocessing_steps[number]


def test_all_unreadable_image_files_are_named_at_once(classifier: Classifier, folder: Path, tmp_path: Path) -> None:
    (tmp_path / "text.png").write_text("hello")
    pictures = [folder / "000.png", tmp_path / "text.png", folder / "001.png", tmp_path / "absent.png", np.zeros(3)]
    with pytest.raises(PictureError) as caught:
        predict(classifier, pictures)
    lines = str(caught.value).splitlines()
    assert ["text.png" in lines[0], "absent.png" in lines[1], "picture 4" in lines[2]] == [True] * 3
    found = predict(classifier, pictures, skip_bad_images=True)
    assert found.names == (str(folder / "000.png"), str(folder / "001.png"))
    assert [each.reason for each in found.bad] == lines


def test_no_images_get_no_predictions(classifier: Classifier) -> None:
    found = predict(classifier, [])
    assert len(found) == 0
    assert list(found) == []
    assert found.distances is not None
    assert found.labels.shape == (0, 3)


@pytest.mark.parametrize("shape", [(8, 8, 2), (8, 8, 5), (20, 30, 2)])
def test_an_array_with_too_many_channels_is_no_batch(shape: tuple[int, ...], classifier: Classifier) -> None:
    with pytest.raises(PictureError, match="1, 3 or 4 channels"):
        predict(classifier, np.full(shape, 9, np.uint8))


@pytest.mark.parametrize("as_list", [False, True])
def test_a_masked_array_is_refused(as_list: bool, classifier: Classifier, digits: Dataset) -> None:
    image = np.ma.masked_array(digits.test.images[0, ..., 0], mask=digits.test.images[0, ..., 0] > 100)
    with pytest.raises(PictureError, match="masked array"):
        predict(classifier, [image] if as_list else image)


@pytest.mark.parametrize(
    "wrong",
    [{"at_least": "x"}, {"at_least": None}, {"pixel_range": 5}, {"pixel_range": range(10**9)}, {"pixel_range": (1,)},
     {"pixel_range": ("a", "b")}, {"top": "3"}],
    ids=str,
)  # fmt: skip
def test_a_value_of_another_type_is_refused_by_name(wrong: dict[str, Any], classifier: Classifier, digits: Dataset) -> None:
    with pytest.raises(ConfigError, match=next(iter(wrong))):
        predict(classifier, digits.test.images[0], **wrong)


def test_top_limits_the_classes(classifier: Classifier, digits: Dataset) -> None:
    image = digits.test.images[0]
    assert [len(predict(classifier, image, top=top)[0].answers) for top in (1, 3, 10, 99)] == [1, 3, 10, 10]
    for top in (0, -1, True, 2.0, "3"):
        with pytest.raises(ConfigError, match=f"top.* {top!r}"):
            predict(classifier, image, top=top)  # type: ignore[arg-type]


def test_more_classes_than_names_are_refused(digits_run: Run, tmp_path: Path) -> None:
    metadata = {"class_names": json.dumps(["a", "b"])}
    (tmp_path / "model.onnx").write_bytes(onnx_bytes(digits_run.record.network, metadata=metadata))
    with pytest.raises(RunError, match="10 classes.* 2 "):
        convscope.predict(tmp_path / "model.onnx", digits_run.dataset.test.images[:2])


def test_results_have_a_short_repr(classifier: Classifier, digits: Dataset) -> None:
    assert repr(predict(classifier, digits.test.images)) == f"Predictions({len(digits.test)} images, 10 classes)"
    assert repr(predict(classifier, digits.test.images[0])[0]).startswith("Prediction('picture 0': '")


def test_a_drawing_gets_one_prediction_in_every_file_format(classifier: Classifier, digits: Dataset) -> None:
    drawing = Image.fromarray(255 - digits.test.images[7, ..., 0]).resize((160, 160), Image.Resampling.NEAREST)
    files = []
    for kind, options in (("PNG", {}), ("JPEG", {"quality": 100}), ("GIF", {}), ("BMP", {}), ("TIFF", {})):
        file = io.BytesIO()
        drawing.save(file, kind, **options)
        files.append(file.getvalue())
    found = predict(classifier, files)
    assert np.abs(found.prepared.astype(int) - found.prepared[0]).max() <= 1
    assert len(set(found.labels[:, 0].tolist())) == 1


@pytest.mark.slow
def test_predicting_never_imports_tensorflow(digits_run: Run, folder: Path) -> None:
    code = (
        "import sys, convscope; convscope.predict(sys.argv[1], sys.argv[2]); "
        "assert not {'keras', 'tensorflow', 'matplotlib', 'sklearn', 'scipy', 'onnx'} & set(sys.modules), sys.modules"
    )
    subprocess.run([sys.executable, "-c", code, str(digits_run.folder), str(folder / "000.png")], check=True)


def test_a_network_with_nan_weights_is_refused(digits_run: Run, tmp_path: Path) -> None:
    network = digits_run.record.network
    weights = {name: array * np.float32(np.nan) for name, array in network.weight_arrays().items()}
    metadata = {"class_names": json.dumps(list("0123456789"))}
    (tmp_path / "nan.onnx").write_bytes(onnx_bytes(network, weights, metadata=metadata))
    with pytest.raises(RunError, match="NaN"):
        convscope.predict(tmp_path / "nan.onnx", digits_run.dataset.test.images[:2])


@pytest.mark.slow
def test_a_blank_image_gets_no_answer(mnist_run: convscope.Run) -> None:
    white, black = np.full((300, 300), 255, np.uint8), np.zeros((28, 28), np.uint8)
    digit = load_mnist().test.images[0]
    for found in (
        convscope.predict(mnist_run, [white, black, digit]),
        convscope.predict(mnist_run, np.stack([black[..., None], black[..., None], digit])),
    ):
        assert [each.class_name for each in found] == [None, None, "7"]
        assert [each.probability is None for each in found] == [True, True, False]
        assert [each.distance is None for each in found] == [True, True, False]
        assert found.labels[:2].tolist() == [[-1, -1, -1]] * 2
        assert np.isnan(found.probabilities[:2]).all()
        assert not found.is_above_threshold[:2].any()
        answers = as_json(found)["predictions"]
        assert [each["class_name"] for each in answers] == [None, None, "7"]
        assert json.loads(json.dumps(answers[0], allow_nan=False))["probability"] is None


@pytest.mark.slow
@pytest.mark.parametrize("inverted", [False, True])
def test_the_model_of_a_run_predicts_as_the_run(inverted: bool, digits_run: Run) -> None:
    """Drawings and photos of other sizes are preprocessed alike, with the same class names and temperature."""
    images = [
        np.asarray(Image.fromarray(image[..., 0]).resize((side, side)))
        for side in (8, 90, 200)
        for image in digits_run.dataset.test.images[:8]
    ]
    images = [255 - image for image in images] if inverted else images
    for model in (digits_run.model, convscope.load_run(digits_run.folder).model):
        by_run, by_model = convscope.predict(digits_run, images), convscope.predict(model, images)
        assert [each.class_name for each in by_model] == [each.class_name for each in by_run]
        assert by_model.class_names == by_run.class_names
        np.testing.assert_array_equal(by_model.prepared, by_run.prepared)
        np.testing.assert_allclose(by_model.probabilities, by_run.probabilities, atol=1e-4)


def test_a_name_of_numpys_is_a_name(digits_run: Run, tmp_path: Path) -> None:
    path = tmp_path / "two.png"
    Image.fromarray(digits_run.dataset.test.images[0, ..., 0]).save(path)
    (expected,) = convscope.predict(digits_run, str(path))
    for given in (np.str_(path), [np.str_(path)]):
        (found,) = convscope.predict(digits_run, given)
        assert (found.class_name, found.probability) == (expected.class_name, expected.probability)


class Attached:
    """A tensor that needs its gradient, as PyTorch's."""

    def __array__(self, *_: object) -> None:
        raise RuntimeError("Can't call numpy() on Tensor that requires grad. Use tensor.detach().numpy() instead.")


def closed() -> io.BytesIO:
    file = io.BytesIO(b"GIF89a")
    file.close()
    return file


@pytest.mark.parametrize(("made", "words"), [
    (Attached, "a Attached is no array: can't call numpy().*detach"), (closed, "I/O operation on closed file.*Open the file again"),
])  # fmt: skip
@pytest.mark.parametrize("in_list", [False, True])
def test_what_cannot_be_read_is_one_sentence(made: Any, words: str, in_list: bool, digits_run: Run) -> None:
    with pytest.raises(PictureError, match=words):
        convscope.predict(digits_run, [made()] if in_list else made())
