"""The native engine computes what Keras computes, and the same whatever the number of threads."""

from __future__ import annotations

import ctypes
import os
import pickle
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from convscope.data.dataset import Dataset
from convscope.models.architectures import MODELS
from convscope.models.layers import Dense, Dropout, Flatten, sequential
from convscope.models.network import Network, from_keras
from convscope.models.onnx_writer.writer import onnx_bytes
from convscope.models.predictor import Predictor
from convscope.system.hardware import processor_flags, usable_threads
from convscope.training.augmentation import Augmentation, draw_shifts, draw_warps
from convscope.training.native import engine as native_engine
from convscope.training.native import library
from convscope.training.native.build import VARIANTS, compile_variant, library_path, variants_of_machine
from convscope.training.native.engine import Engine, OptimizerSettings
from convscope.training.native.plan import Unsupported, plan_layers

pytestmark = pytest.mark.slow

SETTINGS = OptimizerSettings(0.9, 0.95, 1e-7, 0.02, 0.05)
Layers = Sequence[Any]


def runnable() -> list[str]:
    return [name for name in variants_of_machine() if VARIANTS[name] <= processor_flags()]


@pytest.fixture(scope="module", autouse=True)
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder from which the engine loads its library: the variants as installed, or else compiled here."""
    folder = tmp_path_factory.mktemp("engine")
    for variant in runnable():
        if library_path(variant).exists():  # of these very sources: their hash is in its name
            shutil.copy(library_path(variant), folder)
        elif any(map(shutil.which, ("cc", "gcc", "clang"))):
            compile_variant(variant, folder)
        else:
            pytest.skip("the engine needs a C compiler")
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
@pytest.mark.parametrize(("channels", "class_weights"), [(1, (1.0, 1.0, 1.0)), (3, (0.25, 1.0, 6.0))])
def test_loss_gradients_and_step_are_those_of_keras(name: str, channels: int, class_weights: tuple[float, ...]) -> None:
    check_against_keras(build(name, (21, 17, channels)), 20, class_weights)


SIZES = st.sampled_from([1, 3, 5])


AFTER = st.sampled_from([(), ("BatchNormalization",), ("BatchNormalization", "ReLU"), ("ReLU",)])


@st.composite
def chains(draw: st.DrawFn) -> tuple[tuple[int, int, int], list[tuple[str, dict[str, Any]]]]:
    """A random shape of small images and layers for them: convolutions, each with what may follow it, and dense layers."""
    height, width, channels = draw(st.integers(5, 14)), draw(st.integers(5, 14)), draw(st.integers(1, 4))
    shape = (height, width, channels)
    chosen: list[tuple[str, dict[str, Any]]] = []
    for _ in range(draw(st.integers(0, 3))):
        kernel, same = (draw(SIZES), draw(SIZES)), draw(st.booleans()) or min(height, width) < 5
        if not same:
            height, width = height - kernel[0] + 1, width - kernel[1] + 1
        arguments = {"filters": draw(st.integers(1, 70)), "kernel_size": kernel, "padding": "same" if same else "valid"}
        arguments |= {"activation": draw(st.sampled_from([None, "relu"])), "use_bias": draw(st.booleans())}
        chosen += [("Conv2D", arguments), *((kind, {}) for kind in draw(AFTER))]
        window = (draw(st.integers(1, 3)), draw(st.integers(1, 3)))
        if height >= window[0] and width >= window[1] and window != (1, 1):
            chosen.append(("MaxPooling2D", {"pool_size": window}))
            height, width = height // window[0], width // window[1]
    units = draw(st.lists(st.integers(1, 70), max_size=2))
    return shape, [*chosen, ("Flatten", {}), *(("Dense", {"units": number, "activation": "relu"}) for number in units)]


@settings(max_examples=15, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(chosen=chains(), number=st.integers(4, 19))
def test_random_networks_learn_as_in_keras(chosen: Any, number: int) -> None:
    import keras

    shape, layers = chosen
    keras.utils.set_random_seed(number)
    made = [getattr(keras.layers, kind)(**arguments) for kind, arguments in layers]
    last = keras.layers.Dense(3, activation="softmax")
    check_against_keras(keras.Sequential([keras.Input(shape), *made, last]), number)


def check_against_keras(model: Any, number: int, class_weights: Sequence[float] = (1.0, 1.0, 1.0)) -> None:
    """Compare a step on ``number`` random images: loss, gradients to 1e-5 of the largest one, weights."""
    import keras
    import tensorflow as tf

    images, labels = examples(model.input_shape[1:], number, 3)
    engine = Engine(from_keras(model), batch_size=number, threads=2)
    engine.gradients()
    factors = np.array(class_weights, np.float32)
    given = {} if (factors == 1).all() else {"class_weights": factors}
    loss, correct = engine.train(images, labels, np.arange(number), np.array([0.01]), SETTINGS, **given)
    with tf.GradientTape() as tape:
        logits = tf.math.log(model(images / np.float32(255), training=True))
        plain = keras.losses.sparse_categorical_crossentropy(labels, logits, from_logits=True)
        evenly = -tf.reduce_mean(tf.nn.log_softmax(logits), axis=-1)
        smoothed = tf.reduce_mean((0.95 * plain + 0.05 * evenly) * factors[labels])
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


def trained(network: Network, threads: int, dataset: Dataset, steps: int = 16) -> dict[str, Any]:
    engine = Engine(network, batch_size=64, threads=threads, seed=3)
    number = 64 * steps - 24
    rows = np.random.default_rng(0).permutation(len(dataset.train))[:number]
    shifts = np.random.default_rng(1).integers(-1, 2, (number, 2))
    engine.train(dataset.train.images, dataset.train.labels, rows, np.full(steps, 0.01), SETTINGS, shifts=shifts)
    found = engine.weights()
    engine.close()
    return found


@pytest.mark.parametrize("model", ["cnn", "ann", "logistic", "strong"])
def test_weights_are_the_same_with_one_two_and_three_threads(model: str, digits: Dataset) -> None:
    network = MODELS[model](digits.image_shape, digits.num_classes)
    first = trained(network, 1, digits)
    for threads in (2, 3):
        again = trained(network, threads, digits)
        assert all(np.array_equal(first[name], again[name]) for name in first)
    assert any(not np.array_equal(first[name], array) for name, array in network.weight_arrays().items())


def test_every_variant_computes_the_same(built: Path, digits: Dataset) -> None:
    for model in ("cnn", "strong"):
        network = MODELS[model](digits.image_shape, digits.num_classes)
        outcomes = []
        for variant in runnable():
            loaded = ctypes.CDLL(str(library_path(variant, built)))
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(native_engine, "load_library", partial(library._declared, loaded))
                outcomes.append(trained(network, 2, digits, steps=3))
        for name, first in outcomes[0].items():
            for other in outcomes[1:]:
                assert np.abs(first - other[name]).max() <= 1e-3 * max(1, np.abs(first).max()), name


def test_steps_in_several_calls_are_the_same_steps(digits: Dataset) -> None:
    network = MODELS["strong"](digits.image_shape, digits.num_classes)
    train, rows, rates = digits.train, np.random.default_rng(0).permutation(300), np.linspace(0.01, 0.001, 10)
    shifts = np.random.default_rng(1).integers(-1, 2, (300, 2))
    whole = Engine(network, batch_size=32, threads=2)
    loss, correct = whole.train(train.images, train.labels, rows, rates, SETTINGS, shifts=shifts)
    parts = Engine(network, batch_size=32, threads=1)
    sums = np.zeros(2)
    for step in (0, 3, 4, 9):
        until = {0: 3, 3: 4, 4: 9, 9: 10}[step]
        chosen = slice(32 * step, 32 * until)
        parts.train(train.images, train.labels, rows[chosen], rates[step:until], SETTINGS, shifts=shifts[chosen], sums=sums)
    assert sums.tolist() == [loss, correct]
    assert all(np.array_equal(array, parts.state()[name]) for name, array in whole.state().items())


def test_wrong_arrays_are_refused_and_not_read(digits: Dataset) -> None:
    network = MODELS["cnn"](digits.image_shape, digits.num_classes)
    images, labels, rows, rates = digits.train.images[:64], digits.train.labels[:64], np.arange(64), np.array([0.01])
    with Engine(network, batch_size=64, threads=1) as engine:
        for wrong in (images.astype(np.float32), images[..., 0], images[:, 1:]):
            with pytest.raises(ValueError, match="images must be uint8"):
                engine.logits(wrong)
            with pytest.raises(ValueError, match="images must be uint8"):
                engine.train(wrong, labels, rows, rates, SETTINGS)
        for wrong in (labels + 10, labels - 10, labels[:-1]):
            with pytest.raises(ValueError, match="labels must be"):
                engine.train(images, wrong, rows, rates, SETTINGS)
        for name, columns in (("shifts", 2), ("warps", 6)):
            with pytest.raises(ValueError, match=f"{name} must have the shape"):
                engine.train(images, labels, rows, rates, SETTINGS, **{name: np.zeros((63, columns))})
        with pytest.raises(ValueError, match="class_weights must have the shape"):
            engine.train(images, labels, rows, rates, SETTINGS, class_weights=np.ones(9))
        for wrong in (rows + 1, rows - 1, np.arange(32).repeat(3)):
            with pytest.raises(ValueError, match="rows must name"):
                engine.train(images, labels, wrong, rates, SETTINGS)
        assert engine.logits(images[:0]).shape == (0, 10)
    engine.close()
    with pytest.raises(ValueError, match="closed"):
        engine.logits(images)


def test_dropout_leaves_the_mean_and_takes_its_share() -> None:
    import keras

    layers = [keras.Input((10, 10, 1)), keras.layers.Flatten(), keras.layers.Dense(2000, name="wide"),
              keras.layers.Dropout(0.3), keras.layers.Dense(2, activation="softmax")]  # fmt: skip
    engine = Engine(from_keras(keras.Sequential(layers)), batch_size=1, threads=1)
    shares = []
    for _ in range(20):
        engine.gradients()
        engine.train(
            np.full((1, 10, 10, 1), 255, np.uint8), np.zeros(1), np.zeros(1, int), np.array([0.0]), OptimizerSettings()
        )
        found = engine.gradients()["wide/bias"]
        shares.append(float((found == 0).mean()))
    assert np.mean(shares) == pytest.approx(0.3, abs=0.01)
    assert np.std(shares) == pytest.approx(np.sqrt(0.3 * 0.7 / 2000), rel=0.5)


@pytest.mark.parametrize("model", ["cnn", "ann", "logistic", "strong"])
def test_logits_of_a_trained_network_are_those_of_onnx_runtime(model: str, digits: Dataset) -> None:
    network = MODELS[model](digits.image_shape, digits.num_classes)
    network = network.with_weights(trained(network, 2, digits))
    engine = Engine(network, batch_size=50, threads=2)
    expected = Predictor(onnx_bytes(network)).logits(digits.test.images)
    assert np.abs(engine.logits(digits.test.images) - expected).max() <= 1e-5 * np.abs(expected).max()
    engine.close()


def test_a_restored_state_goes_on_as_if_nothing_had_happened(digits: Dataset) -> None:
    network = MODELS["cnn"](digits.image_shape, digits.num_classes)
    train, rows, rates = digits.train, np.arange(128), np.full(2, 0.01)
    whole = Engine(network, batch_size=64, threads=2)
    whole.train(train.images, train.labels, rows, rates, SETTINGS)
    state = {name: array.copy() for name, array in whole.state().items()}
    whole.train(train.images, train.labels, rows, rates, SETTINGS)
    resumed = Engine(network, batch_size=64, threads=1)
    resumed.restore(state)
    resumed.train(train.images, train.labels, rows, rates, SETTINGS)
    assert all(np.array_equal(array, resumed.weights()[name]) for name, array in whole.weights().items())


def images_as_read(images: Any, **changes: Any) -> Any:
    """What the engine makes of images: while all weights are 0, the gradient of a unit's weights is the image by a number."""
    import keras

    layers = [keras.Input(images.shape[1:]), keras.layers.Flatten(), keras.layers.Dense(4, activation="softmax")]
    engine = Engine(from_keras(keras.Sequential(layers)), batch_size=1, threads=1)
    engine.set_weights({name: 0 * array for name, array in engine.weights().items()})
    name = next(name for name in engine.gradients() if name.endswith("kernel"))
    found = np.empty(images.shape, np.float32)
    for number in range(len(images)):
        change = {key: values[number : number + 1] for key, values in changes.items()}
        engine.train(images, np.zeros(len(images)), np.array([number]), np.array([0.0]), OptimizerSettings(), **change)
        found[number] = 4 * engine.gradients()[name][:, 1].reshape(images.shape[1:])
    engine.close()
    return found


@pytest.mark.parametrize("shape", [(9, 21, 3), (19, 16, 1)])
def test_images_are_shifted_and_warped_as_keras_does(shape: tuple[int, int, int]) -> None:
    import keras

    from convscope.training.keras_ext.batch_sequence import shift_images

    images, _ = examples(shape, 25, 2)
    generator = np.random.default_rng(1)
    pixels, inputs = 3, images / np.float32(255)
    shifts = draw_shifts(25, pixels, generator)
    assert np.abs(images_as_read(images, shifts=shifts) - shift_images(inputs, shifts)).max() <= 1e-6
    far = np.array([[50, -50]] * 25)
    assert np.abs(images_as_read(images, shifts=far) - inputs[:, -1:, :1]).max() <= 1e-6
    maps = draw_warps(Augmentation(shift=0.3, rotation=60, scaling=0.5, shear=0.3), shape, 25, generator)
    moved = keras.ops.image.affine_transform(inputs, maps, fill_mode="nearest", data_format="channels_last")
    assert np.abs(images_as_read(images, warps=maps[:, :6]) - np.asarray(moved)).max() <= 1e-4


@pytest.mark.budget
def test_busy_neighbours_take_their_share_and_no_more(mnist: Dataset) -> None:
    threads = usable_threads(library.MAX_THREADS)
    engine = Engine(MODELS["cnn"](mnist.image_shape, mnist.num_classes), batch_size=64, threads=threads)

    def seconds() -> float:
        started = time.perf_counter()
        engine.train(mnist.train.images, mnist.train.labels, np.arange(6400), np.full(100, 1e-3), SETTINGS)
        return time.perf_counter() - started

    alone, beside = [], []
    for _ in range(4):
        alone.append(seconds())
        neighbours = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(threads)]
        try:
            time.sleep(0.3)
            beside.append(seconds())
        finally:
            for neighbour in neighbours:
                neighbour.kill()
                neighbour.wait()
    engine.close()
    # A fair share is twice as long; threads that spin at their meetings took seven to ten times as long.
    assert min(beside) <= 5 * min(alone)


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


def test_layers_that_see_images_otherwise_than_the_engine_lays_them_are_named() -> None:
    """Square images with as many channels as rows: no shape gives the difference away."""
    import keras
    from keras import layers as k

    def network(*layers: Any) -> Network:
        first = k.Conv2D(8, 3, padding="same")
        return from_keras(keras.Sequential([keras.Input((8, 8, 1)), first, *layers, k.Dense(3, activation="softmax")]))

    for layers, reason in (
        ((k.BatchNormalization(axis=1, name="rows"), k.Flatten()), "rows normalises along axis 1"),
        ((k.Flatten(), k.BatchNormalization(name="flat")), "flat normalises flattened images"),
        ((k.Flatten(), k.Dropout(0.1), k.BatchNormalization(name="flat")), "flat normalises flattened images"),
        ((k.Dense(8, name="each"), k.Flatten()), "each is applied to every position"),
    ):
        with pytest.raises(Unsupported, match=reason):
            plan_layers(network(*layers))
    for axis in (-1, 3):
        plan_layers(network(k.BatchNormalization(axis=axis), k.Flatten(), k.Dense(5), k.Flatten(), k.BatchNormalization()))


def test_a_network_with_more_layers_than_the_engine_holds_is_refused_by_their_number() -> None:
    def network(dropouts: int) -> Network:
        return sequential(
            "deep", (4, 4, 1), [Flatten(), Dense(5), *[Dropout(0.1)] * dropouts, Dense(3, activation="softmax")]
        )

    Engine(network(62), batch_size=8, threads=1).close()
    with pytest.raises(Unsupported, match="65 layers, more than 64"):
        plan_layers(network(63))


SANITIZED = """
import pickle, sys
from functools import partial
from pathlib import Path
import numpy as np
from convscope.training.native import engine, library

engine.load_library = partial(library.load_library, Path(sys.argv[1]))
network, images, labels, warps = pickle.loads(Path(sys.argv[2]).read_bytes())
trainer = engine.Engine(network, batch_size=20, threads=2)
changes = {"warps": warps, "class_weights": np.linspace(0.1, 3, 10)}
print(trainer.train(images, labels, np.arange(50), np.full(3, 0.01), engine.OptimizerSettings(), **changes)[0])
trainer.logits(images)
trainer.close()
"""
"""A child trains a network of a file, as the sanitizers must be loaded before Python."""


@pytest.mark.rows(1)
@pytest.mark.parametrize("model", ["strong", "cnn"])
def test_the_engine_is_clean_under_sanitizers(model: str, digits: Dataset, tmp_path: Path) -> None:
    compiler = next(filter(None, map(shutil.which, ("gcc", "cc"))))
    sanitizer = subprocess.run(
        [compiler, "-print-file-name=libasan.so"], capture_output=True, text=True, check=True
    ).stdout.strip()
    if not Path(sanitizer).is_absolute():
        pytest.skip("the compiler has no AddressSanitizer here")
    # -O0, since the checks are put before the optimisation, and -O1 takes three times as long to compile them.
    checks = ("-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-O0")
    compile_variant(variants_of_machine()[-1], tmp_path, [compiler], checks)
    network = MODELS[model](digits.image_shape, digits.num_classes)
    images, labels = digits.train.images[:50], digits.train.labels[:50]
    warps = np.random.default_rng(0).normal(0, 1, (50, 6)).astype(np.float32)
    (tmp_path / "inputs").write_bytes(pickle.dumps((network, images, labels, warps)))
    environment = os.environ | {"LD_PRELOAD": sanitizer, "ASAN_OPTIONS": "detect_leaks=0"}
    command = [sys.executable, "-c", SANITIZED, str(tmp_path), str(tmp_path / "inputs")]
    result = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr[-2000:]
    engine = Engine(network, batch_size=20, threads=1)
    changes = {"warps": warps, "class_weights": np.linspace(0.1, 3, 10)}
    loss, _ = engine.train(images, labels, np.arange(50), np.full(3, 0.01), OptimizerSettings(), **changes)
    engine.close()
    assert float(result.stdout) == pytest.approx(loss, rel=1e-4)
