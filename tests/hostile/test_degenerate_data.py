"""Data with nothing to learn, or of a size that no network expects."""

from __future__ import annotations

import functools
import io
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

import convscope
from convscope.analysis.mistakes.triage import MistakeEvidence, triage
from convscope.data.dataset import Dataset, Provenance, Split
from convscope.errors import ConvscopeError, PictureError
from convscope.models.architectures import MODELS
from convscope.training.recipes import RECIPES

Arrays = tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64]]

SMALL = [(1, 1), (1, 2), (2, 1), (2, 2), (2, 3), (3, 2), (3, 3), (1, 3), (1, 64), (64, 1), (2, 64), (6, 3), (4, 4), (9, 1)]


def noise(number: int, classes: int, shape: tuple[int, int, int] = (8, 8, 1), seed: int = 0) -> Arrays:
    """Images of noise, whose labels take turns."""
    images = np.random.default_rng(seed).integers(0, 256, (number, *shape), dtype=np.uint8)
    return images, np.arange(number) % classes


def grey(number: int, *levels: int) -> Arrays:
    """Images of one grey level per class."""
    labels = np.arange(number) % len(levels)
    return np.broadcast_to(np.array(levels, np.uint8)[labels][:, None, None, None], (number, 8, 8, 1)).copy(), labels


def other_labels(data: Arrays) -> Arrays:
    return data[0], (data[1] + 1) % (data[1].max() + 1)


def repeated(data: Arrays, times: int) -> Arrays:
    return np.repeat(data[0], times, axis=0), np.repeat(data[1], times)


def only(data: Arrays, number: int) -> Arrays:
    return data[0][:number], data[1][:number]


def with_black_columns(data: Arrays) -> Arrays:
    data[0][:, :, 1:] = 0
    return data


KINDS: dict[str, Callable[[], tuple[Arrays, Arrays]]] = {
    "one class": lambda: (noise(40, 1), noise(10, 1)),
    "one image per class": lambda: (noise(10, 10), noise(10, 10, seed=1)),
    "two images per class": lambda: (noise(20, 10), noise(10, 10, seed=1)),
    "two images": lambda: (noise(2, 2), noise(2, 2, seed=1)),
    "three images": lambda: (noise(3, 2), noise(1, 2, seed=1)),
    "a class of one image": lambda: (_joined(noise(40, 2), (noise(1, 1)[0], np.array([2]))), noise(9, 3, seed=1)),
    "99 images against one": lambda: (_joined(noise(99, 1), (noise(1, 1)[0], np.array([1]))), noise(9, 2, seed=1)),
    "300 classes": lambda: (noise(600, 300), noise(300, 300, seed=1)),
    "images all equal": lambda: (grey(40, 90, 90), grey(10, 90, 90)),
    "images all black": lambda: (grey(40, 0, 0), grey(10, 0, 0)),
    "images all white": lambda: (grey(40, 255, 255), grey(10, 255, 255)),
    "constant pixels": lambda: (with_black_columns(noise(60, 3)), with_black_columns(noise(9, 3, seed=1))),
    "every test image right": lambda: (grey(80, 0, 255), grey(20, 0, 255)),
    "every test image wrong": lambda: (grey(80, 0, 255), other_labels(grey(20, 0, 255))),
    "copies across the splits": lambda: (noise(60, 3), noise(60, 3)),
    "many copies across the splits": lambda: (repeated(noise(12, 3), 6), noise(12, 3)),
    "copies with other labels": lambda: (repeated(noise(12, 3), 6), other_labels(noise(12, 3))),
    "copies with every label": lambda: (
        _joined(repeated(noise(9, 3), 4), other_labels(repeated(noise(9, 3), 4))),
        noise(9, 3),
    ),
    "test classes absent": lambda: (noise(60, 3), noise(10, 1, seed=1)),
    "one test image": lambda: (noise(60, 3), noise(1, 1, seed=1)),
    "a class in the test split alone": lambda: (noise(60, 3), noise(10, 5, seed=1)),
    "an empty test split": lambda: (noise(60, 3), only(noise(1, 1), 0)),
    "an empty training split": lambda: (only(noise(1, 1), 0), noise(60, 3)),
}


def _joined(one: Arrays, other: Arrays) -> Arrays:
    return np.concatenate([one[0], other[0]]), np.concatenate([one[1], other[1]])


def saved(folder: Path, train: Arrays, test: Arrays | None = None) -> Path:
    path, named = folder / "data.npz", {"x_test": test[0], "y_test": test[1]} if test else {}
    np.savez(path, x_train=train[0], y_train=train[1], **named)
    return path


def trained_or_refused(data: Path, folder: Path, **arguments: Any) -> convscope.Run | None:
    """Train; a refusal must be a sentence of ours and leave no folder. Anything else fails the test."""
    try:
        return convscope.train(data, out=folder, epochs=1, **arguments)
    except ConvscopeError:
        assert not folder.exists()
        return None


@pytest.mark.slow
@pytest.mark.parametrize("recipe", ["sprint", "notebook"])
@pytest.mark.parametrize("kind", KINDS)
def test_what_cannot_be_learned_is_trained_or_refused(kind: str, recipe: str, tmp_path: Path) -> None:
    run = trained_or_refused(saved(tmp_path, *KINDS[kind]()), tmp_path / "run", recipe=recipe, report=False)
    if run is not None:
        convscope.load_run(run.folder)
        convscope.mistakes(run)


@pytest.mark.slow
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("size", SMALL, ids=str)
def test_every_size_of_image_is_trained(size: tuple[int, int], channels: int, tmp_path: Path) -> None:
    data = saved(tmp_path, noise(60, 3, (*size, channels)), noise(12, 3, (*size, channels), seed=1))
    run = trained_or_refused(data, tmp_path / "run", recipe="best", report=False)
    assert run is not None
    assert not convscope.mistakes(run) or run.evaluation.errors


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("size", SMALL, ids=str)
def test_every_network_is_built_for_every_size(model: str, size: tuple[int, int]) -> None:
    assert MODELS[model]((*size, 1), 3).layers[-1].output_shape == (3,)


SHOWN = [
    "images all black", "one class", "one image per class", "two images", "a class of one image", "99 images against one",
    "300 classes", "constant pixels", "every test image right", "every test image wrong", "copies with every label",
    "one test image", "a class in the test split alone", "test classes absent", (1, 1), (1, 64), (3, 2), (4, 4),
]  # fmt: skip
"""What is shown, too: of kinds that leave a page the same gaps, one."""


@pytest.mark.rows(3)
@pytest.mark.slow
@pytest.mark.parametrize("kind", SHOWN, ids=str)
def test_whatever_is_trained_has_a_page_and_an_audit(
    kind: str | tuple[int, int], tmp_path: Path, no_figures: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = KINDS[kind]() if isinstance(kind, str) else (noise(60, 3, (*kind, 1)), noise(12, 3, (*kind, 1), seed=1))
    run = trained_or_refused(saved(tmp_path, *data), tmp_path / "run", recipe="standard")
    if run is None:
        return
    convscope.examine(run.folder)
    convscope.export(run.folder, out=tmp_path / "model.onnx")
    if min(Counter(data[0][1].tolist()).values()) > 1:
        convscope.audit(run.folder)
    monkeypatch.undo()
    assert convscope.report(run.folder).is_file()  # of all that was measured, with all figures


@pytest.mark.slow
@pytest.mark.parametrize(
    ("model", "recipe"),
    [*((model, "standard") for model in MODELS if model != "cnn"), *(("cnn", recipe) for recipe in RECIPES)],
)
def test_tiny_images_are_trained_with_every_recipe(model: str, recipe: str, tmp_path: Path) -> None:
    data = saved(tmp_path, noise(60, 3, (1, 3, 1)), noise(12, 3, (1, 3, 1), seed=1))
    assert trained_or_refused(data, tmp_path / "run", model=model, recipe=recipe, report=False)


@pytest.mark.slow
@pytest.mark.parametrize("size", [(1, 1), (1, 64), (2, 3)], ids=str)
def test_a_study_takes_tiny_images(size: tuple[int, int], tmp_path: Path) -> None:
    data = saved(tmp_path, noise(60, 3, (*size, 1)), noise(12, 3, (*size, 1), seed=1))
    study = convscope.study(data, recipes=["sprint"], seeds=2, epochs=1, workers=1, out=tmp_path / "study")
    assert study.page.is_file()


@pytest.mark.rows(2)
@pytest.mark.slow
@pytest.mark.parametrize("size", [(1, 1), (8, 8), (1, 64)], ids=str)
def test_keras_trains_what_the_native_engine_trains(size: tuple[int, int], tmp_path: Path) -> None:
    data = saved(tmp_path, noise(60, 3, (*size, 1)), noise(12, 3, (*size, 1), seed=1))
    assert trained_or_refused(data, tmp_path / "run", recipe="best", engine="keras", report=False)


@pytest.mark.parametrize("ratio", [0.0, 1e-300, 1e-9, 0.5, 0.99, 1.0, 1.3, 99.9, 1e9, 1e300])
def test_a_mistake_is_explained_at_any_ratio_of_distances(ratio: float) -> None:
    found = triage(MistakeEvidence(0.6, 0.1, ratio), true="cat", predicted="dog")
    assert len(found.reason) < 150
    if ratio in (0.0, 1e9):
        near, far = ("cat", "dog") if ratio < 1 else ("dog", "cat")
        assert f"nearest training images of {far} are more than 100 times as far as those of {near}" in found.reason


def test_a_dataset_in_memory_is_held_to_the_same(tmp_path: Path) -> None:
    train, test = (Split(*noise(number, 3, (1, 1, 1), seed=number)) for number in (60, 9))
    dataset = Dataset("dots", train, test, ("a", "b", "c"), Provenance("dots", "dots"))
    assert convscope.train(dataset, recipe="sprint", report=False, out=tmp_path / "run").evaluation.labels.shape == (9,)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["array", "Pillow", "png", "bmp", "gif", "webp", "tiff", "ppm"])
@pytest.mark.parametrize("size", [(1, 1), (2, 3), (3, 2), (3, 3), (1, 3)], ids=str)
def test_a_picture_of_the_size_of_the_networks_own_is_classified_however_small(
    size: tuple[int, int], kind: str, tiny_runs: Callable[[tuple[int, int]], Path]
) -> None:
    pixels = noise(1, 1, (*size, 1))[0][0]
    stored = io.BytesIO()
    if kind not in ("array", "Pillow"):
        Image.fromarray(pixels[..., 0]).save(stored, kind, **({"lossless": True} if kind == "webp" else {}))
    picture = pixels if kind == "array" else Image.fromarray(pixels[..., 0]) if kind == "Pillow" else stored.getvalue()
    found = convscope.predict(tiny_runs(size), picture)
    assert (found.prepared[0] == pixels).all()
    assert found.preprocessing_steps == (("used unchanged",),)
    if max(size) > 1:
        with pytest.raises(PictureError, match=f"1 × 1 pixels, but one side needs at least {max(size)}"):
            convscope.predict(tiny_runs(size), np.zeros((1, 1), np.uint8))


@pytest.fixture(scope="module")
def tiny_runs(tmp_path_factory: pytest.TempPathFactory) -> Callable[[tuple[int, int]], Path]:
    @functools.cache
    def run(size: tuple[int, int]) -> Path:
        folder = tmp_path_factory.mktemp("tiny")
        data = saved(folder, noise(60, 3, (*size, 1)), noise(12, 3, (*size, 1), seed=1))
        return convscope.train(data, model="logistic", epochs=1, out=folder / "run", report=False).folder

    return run
