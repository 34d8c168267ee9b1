"""The native engine computes what Keras computes, and the same whatever the number of threads."""

from __future__ import annotations

import os
import pickle
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from convscope.data.dataset import Dataset
from convscope.models.architectures import MODELS
from convscope.models.network import Network, from_keras
from convscope.models.onnx_writer.writer import onnx_bytes
from convscope.models.predictor import Predictor
from convscope.training.native import engine as native_engine
from convscope.training.native import library
from convscope.training.native.engine import Engine, OptimizerSettings
from convscope.training.native.plan import Unsupported, plan_layers

pytestmark = pytest.mark.slow

SETTINGS = OptimizerSettings(0.9, 0.95, 1e-7, 0.02, 0.05)
Layers = Sequence[Any]


@pytest.fixture(scope="module", autouse=True)
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Build every variant of this machine, and let the engine take the fastest that it can run."""
    if not any(map(shutil.which, ("cc", "gcc", "clang"))):
        pytest.skip("the engine needs a C compiler")
    folder = tmp_path_factory.mktemp("engine")
    for variant in library.variants_of_machine():
        library.compile_variant(variant, folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(native_engine, "load_library", partial(library.load_library, folder))
        yield folder


def chain(name: str) -> Callable[[], Layers]:
    from keras import layers as k

    return {
        "colour and odd sizes": lambda: [
            k.Conv2D(5, 3, padding="same", activation="relu"), k.Conv2D(20, 3, padding="same", activation="relu"),
            k.MaxPooling2D(2), k.Conv2D(7, 5, activation="relu"), k.MaxPooling2D(3), k.Flatten(), k.Dense(9, activation="relu"),
            k.Dense(3, activation="softmax"),
        ],
        "normalised before and after pooling": lambda: [
            k.Conv2D(16, 5, use_bias=False), k.BatchNormalization(momentum=0.9), k.ReLU(), k.MaxPooling2D(2),
            k.Conv2D(33, 3, padding="same", use_bias=False), k.MaxPooling2D(2), k.BatchNormalization(), k.ReLU(), k.Flatten(),
            k.Dense(20, use_bias=False), k.BatchNormalization(), k.Dense(3, activation="softmax"),
        ],
        "dense only": lambda: [k.Flatten(), k.Dense(33, activation="relu"), k.Dense(20, activation="relu"),
                               k.Dense(3, activation="softmax")],
        "one large kernel, rectangular": lambda: [
            k.Conv2D(17, (3, 7), activation="relu"), k.MaxPooling2D((2, 3)), k.Flatten(), k.Dense(3, activation="softmax"),
        ],
    }[name]  # fmt: skip


CHAINS = ("colour and odd sizes", "normalised before and after pooling", "dense only", "one large kernel, rectangular")


def build(name: str, shape: tuple[int, int, int]) -> Any:
    import keras

    keras.utils.set_random_seed(len(name))
    return keras.Sequential([keras.Input(shape), *chain(name)()])


def weight_name(variable: Any) -> str:
    return "/".join(variable.path.split("/")[-2:])


def examples(shape: tuple[int, ...], number: int, classes: int, seed: int = 0) -> tuple[Any, Any]:
    generator = np.random.default_rng(seed)
    return generator.integers(0, 256, (number, *shape), np.uint8), generator.integers(0, classes, number)


@pytest.mark.parametrize("name", CHAINS)
@pytest.mark.parametrize("channels", [1, 3])
def test_loss_gradients_and_step_are_those_of_keras(name: str, channels: int) -> None:
    import keras
    import tensorflow as tf

    model = build(name, (21, 17, channels))
    images, labels = examples((21, 17, channels), 20, 3)
    engine = Engine(from_keras(model), batch_size=20, threads=2)
    engine.gradients()
    loss, correct = engine.train(images, labels, np.arange(20), np.array([0.01]), SETTINGS)
    with tf.GradientTape() as tape:
        logits = tf.math.log(model(images / np.float32(255), training=True))
        plain = keras.losses.sparse_categorical_crossentropy(labels, logits, from_logits=True)
        evenly = -tf.reduce_mean(tf.nn.log_softmax(logits), axis=-1)
        smoothed = tf.reduce_mean(0.95 * plain + 0.05 * evenly)
    gradients = tape.gradient(smoothed, model.trainable_variables)
    assert loss == pytest.approx(float(tf.reduce_sum(plain)), rel=1e-5)
    assert correct == int((np.argmax(logits, axis=1) == labels).sum())
    found = engine.gradients()
    largest = max(float(np.abs(gradient).max()) for gradient in gradients)
    for variable, gradient in zip(model.trainable_variables, gradients, strict=True):
        assert np.abs(found[weight_name(variable)] - gradient).max() <= 1e-5 * largest, variable.path
    keras.optimizers.AdamW(0.01, weight_decay=0.02, beta_1=0.9, beta_2=0.95).apply(
        [tf.constant(found[weight_name(variable)]) for variable in model.trainable_variables], model.trainable_variables
    )
    weights = engine.weights()
    for variable in model.variables:
        if "seed" not in variable.path:
            assert np.abs(weights[weight_name(variable)] - variable).max() <= 2e-6, variable.path
    engine.close()


def trained(network: Network, threads: int, dataset: Dataset) -> dict[str, Any]:
    engine = Engine(network, batch_size=64, threads=threads, seed=3)
    rows = np.random.default_rng(0).permutation(len(dataset.train))[:1000]
    shifts = np.random.default_rng(1).integers(-1, 2, (1000, 2))
    engine.train(dataset.train.images, dataset.train.labels, rows, np.full(16, 0.01), SETTINGS, shifts=shifts)
    found = engine.weights()
    engine.close()
    return found


@pytest.mark.parametrize("model", ["cnn", "ann", "logistic", "strong"])
def test_weights_are_the_same_with_one_two_and_three_threads(model: str, digits: Dataset) -> None:
    network = from_keras(MODELS[model](digits.image_shape, digits.num_classes))
    first = trained(network, 1, digits)
    for threads in (2, 3):
        again = trained(network, threads, digits)
        assert all(np.array_equal(first[name], again[name]) for name in first)
    assert any(not np.array_equal(first[name], array) for name, array in network.weight_arrays().items())


@pytest.mark.parametrize("model", ["cnn", "ann", "logistic", "strong"])
def test_logits_of_a_trained_network_are_those_of_onnx_runtime(model: str, digits: Dataset) -> None:
    network = from_keras(MODELS[model](digits.image_shape, digits.num_classes))
    weights = trained(network, 2, digits)
    layers = tuple(
        replace(layer, weights={name: weights[f"{layer.name}/{name}"] for name in layer.weights}) for layer in network.layers
    )
    engine = Engine(replace(network, layers=layers), batch_size=50, threads=2)
    expected = Predictor(onnx_bytes(replace(network, layers=layers))).logits(digits.test.images)
    assert np.abs(engine.logits(digits.test.images) - expected).max() <= 1e-5 * np.abs(expected).max()
    engine.close()


def test_a_restored_state_goes_on_as_if_nothing_had_happened(digits: Dataset) -> None:
    network = from_keras(MODELS["cnn"](digits.image_shape, digits.num_classes))
    train, rows, rates = digits.train, np.arange(128), np.full(2, 0.01)
    whole = Engine(network, batch_size=64, threads=2)
    whole.train(train.images, train.labels, rows, rates, SETTINGS)
    state = {name: array.copy() for name, array in whole.state().items()}
    whole.train(train.images, train.labels, rows, rates, SETTINGS)
    resumed = Engine(network, batch_size=64, threads=1)
    resumed.restore(state)
    resumed.train(train.images, train.labels, rows, rates, SETTINGS)
    assert all(np.array_equal(array, resumed.weights()[name]) for name, array in whole.weights().items())


def test_images_are_shifted_and_warped_as_keras_does(digits: Dataset) -> None:
    import keras

    layers = [keras.Input(digits.image_shape), keras.layers.Flatten(), keras.layers.Dense(10, activation="softmax")]
    network = from_keras(keras.Sequential(layers))
    images, labels = digits.train.images[:16], digits.train.labels[:16]
    maps = np.tile(np.array([0.9, 0.2, 0.3, -0.1, 1.1, -0.4], np.float32), (16, 1))
    moved = keras.ops.image.affine_transform(images / np.float32(255), np.pad(maps, ((0, 0), (0, 2))), fill_mode="constant")
    for arguments, expected in (
        (
            {"shifts": np.tile([1, -2], (16, 1))},
            np.pad(images, ((0, 0), (0, 1), (2, 0), (0, 0)))[:, 1:, :8] / np.float32(255),
        ),
        ({"warps": maps}, np.asarray(moved)),
    ):
        engine = Engine(network, batch_size=16, threads=1)
        engine.gradients()
        engine.train(images, labels, np.arange(16), np.array([0.0]), SETTINGS, **arguments)
        name = next(name for name in engine.gradients() if name.endswith("kernel"))
        inputs = expected.reshape(16, -1)
        logits = inputs @ network.weight_arrays()[name]
        shares = np.exp(logits - logits.max(axis=1, keepdims=True))
        target = 0.95 * np.eye(10)[labels] + 0.005
        wanted = inputs.T @ (shares / shares.sum(axis=1, keepdims=True) - target) / 16
        assert np.abs(engine.gradients()[name] - wanted).max() <= 1e-5
        engine.close()


def test_what_the_engine_does_not_have_is_named() -> None:
    import keras
    from keras import layers as k

    def network(*layers: Any) -> Network:
        return from_keras(
            keras.Sequential([keras.Input((12, 12, 1)), *layers, k.Flatten(), k.Dense(3, activation="softmax")])
        )

    for layer, reason in (
        (k.Conv2D(4, 3, strides=2, name="far"), "far has strides"), (k.Conv2D(4, 3, activation="gelu", name="soft"), "gelu"),
        (k.AveragePooling2D(2, name="mean"), "AveragePooling2D"), (k.MaxPooling2D(3, strides=1, name="dense"), "overlapping"),
        (k.ReLU(max_value=6, name="six"), "six is a ReLU"),
    ):  # fmt: skip
        with pytest.raises(Unsupported, match=reason):
            plan_layers(network(k.Conv2D(4, 3), layer))


SANITIZED = """
import pickle, sys
from functools import partial
from pathlib import Path
import numpy as np
from convscope.training.native import engine, library

engine.load_library = partial(library.load_library, Path(sys.argv[1]))
network, images, labels, warps = pickle.loads(Path(sys.argv[2]).read_bytes())
trainer = engine.Engine(network, batch_size=20, threads=2)
print(trainer.train(images, labels, np.arange(50), np.full(3, 0.01), engine.OptimizerSettings(), warps=warps)[0])
trainer.logits(images)
trainer.close()
"""
"""A child trains a network of a file, as the sanitizers must be loaded before Python."""


@pytest.mark.parametrize("model", ["cnn", "strong"])
def test_the_engine_is_clean_under_sanitizers(model: str, digits: Dataset, tmp_path: Path) -> None:
    compiler = next(filter(None, map(shutil.which, ("gcc", "cc"))))
    sanitizer = subprocess.run(
        [compiler, "-print-file-name=libasan.so"], capture_output=True, text=True, check=True
    ).stdout.strip()
    if not Path(sanitizer).is_absolute():
        pytest.skip("the compiler has no AddressSanitizer here")
    checks = ("-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all")
    library.compile_variant(library.variants_of_machine()[-1], tmp_path, [compiler], checks)
    network = from_keras(MODELS[model](digits.image_shape, digits.num_classes))
    images, labels = digits.train.images[:50], digits.train.labels[:50]
    warps = np.random.default_rng(0).normal(0, 1, (50, 6)).astype(np.float32)
    (tmp_path / "inputs").write_bytes(pickle.dumps((network, images, labels, warps)))
    environment = os.environ | {"LD_PRELOAD": sanitizer, "ASAN_OPTIONS": "detect_leaks=0"}
    command = [sys.executable, "-c", SANITIZED, str(tmp_path), str(tmp_path / "inputs")]
    result = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr[-2000:]
    engine = Engine(network, batch_size=20, threads=1)
    loss, _ = engine.train(images, labels, np.arange(50), np.full(3, 0.01), OptimizerSettings(), warps=warps)
    engine.close()
    assert float(result.stdout) == pytest.approx(loss, rel=1e-4)
