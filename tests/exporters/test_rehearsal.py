"""What would fail after the training of a user's own network fails before it, and what is accepted is exported right."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import convscope
from convscope.data.dataset import Dataset, Provenance, Split
from convscope.errors import ConfigError, MissingBackendError
from convscope.exporters.onnx import export_onnx
from convscope.exporters.rehearsal import rehearse
from convscope.models.architectures import MODELS, find_model
from convscope.models.network import from_keras
from convscope.models.saving import keras_logits, with_logits
from convscope.training.events import TrainingStarted
from convscope.training.loop import build_custom

from ..models.own_networks import ACCEPTED, REFUSED, residual  # type: ignore[import-not-found]


@pytest.fixture(scope="module")
def few() -> Dataset:
    """A few images, of which the last is of one grey alone."""
    generator = np.random.default_rng(0)
    images = generator.integers(0, 256, (60, 9, 8, 2), np.uint8)
    images[-1] = 7
    split = Split(images, np.arange(60) % 3)
    return Dataset("few", split, split, ("a", "b", "c"), Provenance("few", "made for a test"))


@pytest.mark.slow
@pytest.mark.rows(13)
@pytest.mark.parametrize("name", ACCEPTED)
def test_a_network_of_any_build_is_accepted_and_exported_as_keras_computes_it(
    name: str, few: Dataset, tmp_path: Path
) -> None:
    build = find_model(ACCEPTED[name])
    rehearse(name, build_custom(build, few, 0), few)
    model = build_custom(build, few, 1)
    generator = np.random.default_rng(1)
    model.set_weights([generator.normal(0.1, 0.2, weight.shape) ** 2 for weight in model.get_weights()])
    images = few.test.images[:20]
    expected = keras_logits(with_logits(model), images)
    network = from_keras(model)
    agreement = export_onnx(
        network, tmp_path / "model.onnx", class_names=few.class_names, images=images, expected=expected, model=model
    )
    assert agreement.mismatched_classes == 0
    assert np.allclose(agreement.logits, expected, atol=1e-4)
    assert network.num_parameters == model.count_params()
    again = from_keras(build_custom(build, few, 1))
    assert [layer.name for layer in network.layers] == [layer.name for layer in again.layers]
    assert network.weight_arrays().keys() == again.weight_arrays().keys()


@pytest.mark.slow
@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_work_is_refused_in_a_sentence_or_two_that_name_the_layer(name: str, few: Dataset) -> None:
    build, words = REFUSED[name]
    with pytest.raises(ConfigError, match=words) as refusal:
        rehearse("net.py:build", build_custom(find_model(build), few, 0), few)
    assert "\n" not in str(refusal.value)


def test_the_training_is_refused_before_it_starts_and_leaves_no_run(few: Dataset, tmp_path: Path) -> None:
    seen: list[object] = []
    with pytest.raises(ConfigError, match="epoch 1, at step 1"):
        convscope.train(few, model=REFUSED["a logarithm of 0"][0], out=tmp_path / "run", progress=seen.append)
    assert not any(isinstance(event, TrainingStarted) for event in seen)
    assert not (tmp_path / "run").exists()


def test_what_convscopes_layers_describe_needs_no_rehearsal(few: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("convscope.exporters.rehearsal.export_onnx", None)
    for build in MODELS.values():
        rehearse("own", build(few.image_shape, few.num_classes), few)


@pytest.mark.slow
def test_a_network_of_ones_own_is_built_once_before_the_training_and_once_for_it(few: Dataset, tmp_path: Path) -> None:
    built = []

    def own(shape: tuple[int, int, int], classes: int) -> Any:
        built.append(shape)
        return residual(shape, classes)

    def listen(event: object) -> None:
        if isinstance(event, TrainingStarted):
            assert len(built) == 2

    convscope.train(few, model=own, epochs=1, report=False, out=tmp_path / "run", progress=listen)
    assert built


@pytest.mark.slow
def test_the_rehearsal_leaves_a_model_that_is_built_only_once_as_it_was(few: Dataset) -> None:
    model = residual(few.image_shape, few.num_classes)
    before = model.get_weights()
    rehearse("once", build_custom(find_model(lambda shape, classes: model), few, 0), few)
    assert all(np.array_equal(old, new) for old, new in zip(before, model.get_weights(), strict=True))


@pytest.mark.slow
def test_a_missing_converter_is_named_before_the_training(few: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "tf2onnx", None)
    with pytest.raises(MissingBackendError, match="tf2onnx"):
        rehearse("lambda", build_custom(find_model(ACCEPTED["Lambda"]), few, 0), few)
    rehearse("residual", build_custom(find_model(residual), few, 0), few)  # written without it


def test_images_that_alone_break_a_layer_are_found_among_many(few: Dataset) -> None:
    many = Split(np.concatenate([few.train.images[:-1]] * 20 + [few.train.images[-1:]]), np.arange(1181) % 3)
    with pytest.raises(ConfigError, match="divided_by_contrast"):
        rehearse("net", build_custom(find_model(REFUSED["a division by the contrast"][0]), few, 0), replace(few, train=many))
