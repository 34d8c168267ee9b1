"""What a network of the user's own begins with: fresh weights or its own, and always the statistics that it was adapted to."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import convscope
from convscope.api.run import Run
from convscope.errors import ConfigError
from convscope.models.architectures import find_model
from convscope.models.backend import require_backend

require_backend()
import keras  # noqa: E402
from keras import layers  # noqa: E402

SHAPE = (6, 5, 1)


def sequential() -> keras.Model:
    return keras.Sequential([keras.Input(SHAPE), adapted(), layers.Flatten(), layers.Dense(3, activation="softmax")])


def functional() -> keras.Model:
    inputs = keras.Input(SHAPE)
    hidden = layers.BatchNormalization()(adapted()(inputs))
    return keras.Model(inputs, layers.Dense(3, activation="softmax")(layers.Flatten()(hidden)))


def nested() -> keras.Model:
    start = keras.Sequential([keras.Input(SHAPE), adapted(), layers.Conv2D(2, 3)])
    return keras.Sequential([keras.Input(SHAPE), start, layers.Flatten(), layers.Dense(3), layers.Softmax()])


class Subclass(keras.Model):  # type: ignore[misc]
    """Holds its layers in another order than it applies them."""

    def __init__(self) -> None:
        super().__init__()
        self.last, self.first, self.flatten, self.adapted = layers.Dense(3), layers.Dense(3), layers.Flatten(), adapted()

    def call(self, inputs: Any) -> Any:
        flat = self.flatten(self.adapted(inputs))
        return keras.ops.softmax(self.last(self.first(flat) + keras.ops.relu(self.first(flat))))


def subclass() -> keras.Model:
    model = Subclass()
    model(np.zeros((1, *SHAPE), np.float32))
    return model


def adapted() -> keras.Layer:
    layer = layers.Normalization(name="adapted")
    layer.adapt(np.random.default_rng(0).normal(0.3, 2, (50, *SHAPE)).astype(np.float32))
    return layer


MODELS = {"sequential": sequential, "functional": functional, "nested": nested, "subclass": subclass}


def statistics(model: keras.Model) -> list[np.ndarray[Any, Any]]:
    parts = [each for layer in model.layers for each in getattr(layer, "layers", [layer])]
    return [weight for part in parts if part.name == "adapted" for weight in part.get_weights()]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "is_file"),
    [(name, is_file) for name in MODELS for is_file in (True, False) if (name, is_file) != ("subclass", True)],
)
def test_weights_are_fresh_or_kept_and_adapted_statistics_stay_in_either_case(
    name: str, is_file: bool, tmp_path: Path
) -> None:
    model = MODELS[name]()
    model.save(tmp_path / "net.keras")
    given = str(tmp_path / "net.keras") if is_file else model
    images = np.random.default_rng(1).random((4, *SHAPE), np.float32)
    fresh, kept = (find_model(given, weights=weights)(SHAPE, 3) for weights in ("fresh", "keep"))
    assert np.allclose(kept(images), model(images), atol=1e-6)
    assert not np.allclose(fresh(images), model(images), atol=1e-3)
    for each in (fresh, kept):
        assert all(np.array_equal(*pair) for pair in zip(statistics(each), statistics(model), strict=True))
    assert kept is not model
    assert len(statistics(model)) == 3


def test_kept_weights_need_data_that_they_fit(tmp_path: Path) -> None:
    sequential().save(tmp_path / "net.keras")
    word = str(tmp_path / "net.keras")
    for shape, classes, words in (
        (SHAPE, 4, 'weights, which weights="keep" goes on from, .*6 × 5 × 1 and 4 classes.*leave out weights="keep"'),
        ((7, 5, 1), 3, 'weights, which weights="keep"'),
    ):
        with pytest.raises(ConfigError, match=words):
            find_model(word, weights="keep")(shape, classes)
    assert find_model(word)((7, 5, 1), 4).output_shape == (None, 4)
    with pytest.raises(ConfigError, match="adapted Normalization layer of .* do not fit images of 6 × 5 × 3"):
        find_model(word)((6, 5, 3), 3)


@pytest.mark.parametrize(
    ("model", "weights", "words"),
    [
        ("cnn", "keep", "'cnn' is neither"),
        ("net.py:build", "keep", "'net.py:build' is neither"),
        (lambda shape, classes: sequential(), "keep", "'<lambda>' is neither"),
        ("cnn", "kept", "weights 'kept' is unknown. Did you mean 'keep'?"),
    ],
)
def test_weights_are_kept_only_where_there_are_some(model: Any, weights: str, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        find_model(model, weights=weights)


def test_a_model_with_layers_that_cannot_be_built_again_is_asked_for_as_a_function() -> None:
    model = keras.Sequential(
        [keras.Input(SHAPE), layers.Lambda(lambda inputs: inputs * 2), layers.Flatten(), layers.Dense(3)]
    )
    with pytest.raises(ConfigError, match="cannot be built a second time .*Pass a function that builds the network"):
        find_model(model)(SHAPE, 3)


@pytest.mark.slow
def test_a_training_goes_on_from_kept_weights_and_says_so(digits_run: Run, tmp_path: Path) -> None:
    file = str(digits_run.folder / "model.keras")
    kept, fresh = (
        convscope.train(
            "digits", model=file, weights=weights, recipe="sprint", epochs=1, out=tmp_path / weights, report=False
        )
        for weights in ("keep", "fresh")
    )
    assert kept.history[0].loss < fresh.history[0].loss / 2
    assert kept.record.request["weights"] == "keep"
    assert "--weights keep" in kept.record.request["command"]
    assert fresh.record.request["weights"] == "fresh"
    assert "--weights" not in fresh.record.request["command"]
    with pytest.raises(ConfigError, match="weights 'keep', not 'fresh'"):
        (tmp_path / "keep" / "manifest.json").unlink()
        convscope.train("digits", model=file, recipe="sprint", epochs=1, out=tmp_path / "keep", report=False, resume=True)


@pytest.mark.slow
def test_a_keras_model_is_trained_without_changing_it(tmp_path: Path) -> None:
    model = keras.Sequential([keras.Input((8, 8, 1)), layers.Flatten(), layers.Dense(10), layers.Softmax()], name="mine")
    before = model.get_weights()
    run = convscope.train("digits", model=model, weights="keep", epochs=1, out=tmp_path / "run", report=False)
    assert run.record.request["model"] == "mine"
    assert all(np.array_equal(old, new) for old, new in zip(before, model.get_weights(), strict=True))
