"""The page's engine, run by Node, against Keras, TensorFlow's gradients, and the NumPy model."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from math import fsum
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from convscope.analysis.activations import activations
from convscope.models.architectures import MODELS
from convscope.models.backend import require_backend
from convscope.models.keras_model import to_keras
from convscope.models.network import Layer, Network, from_keras, with_initial_weights
from convscope.models.receptive_field import WINDOWED, receptive_fields, unused_input_pixels

require_backend()
import keras  # noqa: E402
import tensorflow as tf  # noqa: E402
from keras import layers  # noqa: E402

NODE = shutil.which("node")
pytestmark = pytest.mark.skipif(NODE is None, reason="no node on this machine")

ODD = (13, 17, 3)
CHAINS: dict[str, tuple[tuple[int, int, int], list[Any]]] = {
    "valid": (ODD, [layers.Conv2D(4, 3, activation="relu"), layers.MaxPooling2D(2), layers.Conv2D(5, (2, 3)), layers.Flatten()]),
    "same": (ODD, [layers.Conv2D(4, (2, 4), padding="same"), layers.MaxPooling2D(3, strides=2, padding="same"),
                   layers.Conv2D(3, 4, strides=(2, 3), padding="same", activation="tanh"), layers.Flatten()]),
    "strides": (ODD, [layers.Conv2D(4, 3, strides=2, padding="same"), layers.Conv2D(3, 4, strides=(3, 2), activation="sigmoid"),
                      layers.Flatten()]),
    "remainder": ((13, 17, 1), [layers.Conv2D(2, 3, strides=3), layers.MaxPooling2D(2),
                                layers.Conv2D(2, 2, padding="same"), layers.Flatten()]),
    "dilation": (ODD, [layers.Conv2D(4, 3, dilation_rate=2), layers.Conv2D(2, 3, dilation_rate=(1, 3), padding="same"),
                       layers.Conv2D(2, (9, 5), dilation_rate=(1, 3)), layers.Flatten()]),
    "average": (ODD, [layers.AveragePooling2D(3, strides=2, padding="same"), layers.AveragePooling2D((2, 3), strides=1),
                      layers.AveragePooling2D(2, padding="same"), layers.Flatten()]),
    "groups": ((9, 8, 4), [layers.Conv2D(6, 3, groups=2, activation="elu"),
                           layers.DepthwiseConv2D(3, depth_multiplier=2, padding="same"),
                           layers.DepthwiseConv2D((2, 3), strides=2, use_bias=False, activation="gelu"),
                           layers.GlobalMaxPooling2D()]),
    "padding": (ODD, [layers.ZeroPadding2D(((1, 2), (0, 3))), layers.Conv2D(3, 3, use_bias=False), layers.ReLU(),
                      layers.ZeroPadding2D(2), layers.Conv2D(2, 2, strides=2), layers.Flatten()]),
    "normalised": (ODD, [layers.Rescaling([2.0, 1.0, 0.5], offset=[-1.0, 0.0, 0.5]), layers.Conv2D(6, 3),
                         layers.BatchNormalization(), layers.Activation("relu"), layers.Dropout(0.5),
                         layers.BatchNormalization(scale=False, center=False), layers.GlobalAveragePooling2D(),
                         layers.BatchNormalization(epsilon=0.1), layers.Rescaling(3.0, offset=-1.0)]),
    "normalised by statistics": (ODD, [layers.Normalization(name="adapted"), layers.Conv2D(4, 3, activation="celu"),
                                       layers.Normalization(mean=[0.1, 0.2, 0.3, 0.4], variance=[1.0, 2.0, 0.5, 0.4]),
                                       layers.Normalization(axis=None, mean=0.2, variance=0.3, invert=True), layers.Flatten(),
                                       layers.Dense(6), layers.Normalization(axis=1, mean=0.1, variance=4.0)]),
    "rectified": (ODD, [layers.Conv2D(4, 3, activation="leaky_relu"), layers.Conv2D(4, 3, activation="silu"),
                        layers.ReLU(max_value=0.7, negative_slope=0.2, threshold=0.1), layers.LeakyReLU(0.05), layers.ELU(0.6),
                        layers.ReLU(max_value=0.5), layers.GlobalAveragePooling2D(keepdims=True), layers.Flatten()]),
    "curves": (ODD, [layers.Conv2D(4, 3, activation="selu"), layers.Activation("softplus"), layers.Activation("relu6"),
                     layers.Dense(3, activation="softmax"), layers.Dense(4, activation="relu"), layers.Reshape((15, 11, 4)),
                     layers.MaxPooling2D(3), layers.Flatten(), layers.Dense(9, activation="softmax"), layers.Dropout(0.1),
                     layers.Activation("tanh")]),
    "training only": (ODD, [layers.GaussianNoise(0.5), layers.RandomFlip(), layers.RandomRotation(0.2), layers.RandomZoom(0.2),
                            layers.RandomTranslation(0.1, 0.1), layers.RandomContrast(0.3), layers.RandomBrightness(0.3),
                            layers.Conv2D(3, 3), layers.SpatialDropout2D(0.5), layers.GaussianDropout(0.5),
                            layers.ActivityRegularization(l2=0.1), layers.Flatten()]),
}  # fmt: skip
SHAPES = {"cnn": (28, 28, 1), "ann": (11, 9, 3), "logistic": (8, 8, 1), "strong": (12, 13, 3)}
NAMES = [*CHAINS, *SHAPES]


@dataclass(frozen=True)
class Case:
    model: Any
    network: Network
    inputs: np.ndarray
    units: list[tuple[str, tuple[int, ...]]]
    places: list[tuple[str, tuple[int, ...]]]
    class_index: int

    def written(self) -> dict[str, Any]:
        return {
            "description": self.network.description(),
            "weights": {name: array.ravel().tolist() for name, array in self.network.weight_arrays().items()},
            "inputs": [image.ravel().tolist() for image in self.inputs],
            "units": self.units,
            "places": self.places,
            "classIndex": self.class_index,
        }


def make_case(name: str, seed: int) -> Case:
    keras.utils.set_random_seed(seed)
    generator = np.random.default_rng(seed)
    if name in SHAPES:
        model = to_keras(with_initial_weights(MODELS[name](SHAPES[name], 10), seed))
    else:
        shape, parts = CHAINS[name]
        end = [layers.Dense(5, activation="softmax")] if seed % 2 else [layers.Dense(5), layers.Softmax()]
        model = keras.Sequential([keras.Input(shape), *parts, *end])
    for weight in model.weights:  # biases of zero and untrained statistics would hide a mistake
        if weight.path.rsplit("/", 1)[-1] in ("bias", "beta", "moving_mean", "mean"):
            weight.assign(generator.normal(0, 0.1, weight.shape))
        elif weight.path.rsplit("/", 1)[-1] in ("gamma", "moving_variance", "variance"):
            weight.assign(generator.uniform(0.5, 2, weight.shape))
    for layer in model.layers:
        if layer.name == "adapted":
            layer.finalize_state()
    network = from_keras(model)
    inputs = generator.random((2, *network.input_shape)).astype(np.float32)
    inputs[inputs < 0.2] = 0  # the engine leaves zeros out
    inputs = np.round(inputs, 4).astype(np.float32)
    chosen = [network.layers[index] for index in generator.integers(len(network.layers), size=50)]
    units = [(layer.name, random_place(layer, generator)) for layer in (*network.layers, *chosen)]
    places = [(layer.name, place[:2]) for layer in network.layers for place in corners_and_more(layer, generator)]
    return Case(model, network, inputs, units, places, int(generator.integers(network.layers[-1].output_shape[0])))


def random_place(layer: Layer, generator: np.random.Generator) -> tuple[int, ...]:
    return tuple(int(generator.integers(size)) for size in layer.output_shape)


def corners_and_more(layer: Layer, generator: np.random.Generator) -> Iterator[tuple[int, ...]]:
    yield tuple(0 for _ in layer.output_shape)
    yield tuple(size - 1 for size in layer.output_shape)
    for _ in range(3):
        yield random_place(layer, generator)


@pytest.fixture(scope="module")
def cases() -> dict[str, Case]:
    return {name: make_case(name, seed) for seed, name in enumerate(NAMES)}


@pytest.fixture(scope="module")
def results(cases: dict[str, Case], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return run_engine({name: case.written() for name, case in cases.items()}, tmp_path_factory.mktemp("engine"))


def run_engine(written: dict[str, Any], folder: Path) -> dict[str, Any]:
    """What ``engine_run.mjs`` makes of the cases."""
    assert NODE is not None
    (folder / "cases.json").write_text(json.dumps(written), "utf-8")
    script = Path(__file__).with_name("engine_run.mjs")
    command = [NODE, str(script), str(folder / "cases.json"), str(folder / "results.json")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    results: dict[str, Any] = json.loads((folder / "results.json").read_text("utf-8"))
    return results


def keras_outputs(model: Any, inputs: Any) -> Iterator[tuple[str, Any]]:
    current = tf.convert_to_tensor(inputs)
    for layer in model.layers:
        current = layer(current, training=False) if "training" in layer.call.__code__.co_varnames else layer(current)
        yield layer.name, current


def array_of(activation: dict[str, Any]) -> np.ndarray:
    return np.array(activation["data"], np.float64).reshape(activation["shape"])


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_every_layer_agrees_with_keras(name: str, cases: dict[str, Case], results: dict[str, Any]) -> None:
    case, runs = cases[name], results[name]["runs"]
    for layer, expected in keras_outputs(case.model, case.inputs):
        ours = np.stack([array_of(run["activations"][layer]) for run in runs])
        assert ours.shape == expected.shape, layer
        assert np.allclose(ours, expected, atol=1e-5 * max(1, np.abs(expected).max()), rtol=0), layer
    assert np.allclose([run["probabilities"] for run in runs], expected, atol=1e-5, rtol=0)
    assert np.allclose(softmax([run["logits"] for run in runs]), expected, atol=1e-5, rtol=0)
    assert results[name]["unknown"] == []
    assert {run["stoppedAt"] for run in runs} == {None}


def softmax(logits: Any) -> np.ndarray:
    exponentials = np.exp(np.array(logits, np.float64))
    return exponentials / exponentials.sum(axis=1, keepdims=True)


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_the_gradient_is_tensorflows(name: str, cases: dict[str, Case], results: dict[str, Any]) -> None:
    case = cases[name]
    ours = np.array(results[name]["gradient"]).reshape(case.network.input_shape)
    pixels = tf.convert_to_tensor(case.inputs[:1])
    with tf.GradientTape() as tape:
        tape.watch(pixels)
        *_, (_, before), (_, probabilities) = keras_outputs(case.model, pixels)
        last = case.model.layers[-1]
        logits = before if isinstance(last, layers.Softmax) else before @ last.kernel + last.bias
        logit = logits[0, case.class_index]
    assert np.allclose(tf.nn.softmax(logits), probabilities, atol=1e-6)
    expected = tape.gradient(logit, pixels)[0].numpy()
    assert np.abs(expected).max() > 0
    assert np.allclose(ours, expected, atol=1e-5 * max(1, np.abs(expected).max()), rtol=0)


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_the_terms_of_fifty_units_add_up_to_their_activation_and_to_numpys(
    name: str, cases: dict[str, Case], results: dict[str, Any]
) -> None:
    case, result = cases[name], results[name]
    numpys = activations(case.network, case.inputs[:1])
    inputs = dict(zip([layer.name for layer in case.network.layers], [case.inputs[0], *[a[0] for a in numpys.values()]],
                      strict=False))  # fmt: skip
    for (layer, place), explanation in zip(case.units, result["explanations"], strict=True):
        ours = array_of(result["runs"][0]["activations"][layer])[place]
        expected = numpys[layer][0][place]
        scale = max(1, np.abs(numpys[layer]).max())
        assert abs(explanation["after"] - ours) <= 1e-6 * scale, (layer, place)
        assert abs(explanation["after"] - expected) <= 1e-5 * scale, (layer, place)
        assert_adds_up(explanation, inputs[layer], case.network[layer], place)


def assert_adds_up(explanation: dict[str, Any], inputs: np.ndarray, layer: Layer, place: tuple[int, ...]) -> None:
    """Every number in the explanation is that of the network and the image, and together they make ``before``."""
    before, close = explanation["before"], {"rel": 1e-9, "abs": 1e-12}
    match explanation["kind"]:
        case "convolution":
            terms = [(channel["channel"], term) for channel in explanation["channels"] for term in channel["terms"]]
            for channel, term in terms:
                inside = 0 <= term["row"] < inputs.shape[0] and 0 <= term["column"] < inputs.shape[1]
                assert term.get("padding", False) is not inside
                assert term["input"] == pytest.approx(
                    inputs[term["row"], term["column"], channel] if inside else 0, abs=2e-5
                )
            assert fsum(term["product"] for _, term in terms) == pytest.approx(explanation["sum"], **close)
            kernel = layer.weights["kernel"]
            weights = kernel[:, :, place[2] // kernel.shape[3]] [..., place[2] % kernel.shape[3]] if (
                layer.kind == "DepthwiseConv2D") else np.moveaxis(kernel[..., place[2]], 2, 0)  # fmt: skip
            assert np.array_equal(np.array([term["weight"] for _, term in terms], np.float32), weights.ravel())
            assert explanation["sum"] + explanation["bias"] == pytest.approx(before, **close)
        case "dense":
            values = inputs[place[:-1]]
            for index, term in enumerate(explanation["terms"]):
                assert term["index"] == index
                assert term["input"] == pytest.approx(values[index], abs=2e-5 * max(1, float(np.abs(values).max())))
                assert term["weight"] == layer.weights["kernel"][index, place[-1]]
                assert term["product"] == pytest.approx(term["input"] * term["weight"], **close)
            assert len(explanation["terms"]) == len(values)
            assert fsum(term["product"] for term in explanation["terms"]) + explanation["bias"] == pytest.approx(
                before, **close
            )
        case "maximum":
            assert [each["value"] for each in explanation["window"] if each["wins"]] == [before]
            assert max(each["value"] for each in explanation["window"]) == before
        case "mean":
            assert len(explanation["window"]) == explanation["count"]
            assert np.mean([each["value"] for each in explanation["window"]]) == pytest.approx(before, **close)
        case "normalization":
            spread = (explanation["variance"] + explanation["epsilon"]) ** 0.5
            value = (explanation["input"] - explanation["mean"]) / spread * explanation["gamma"] + explanation["beta"]
            assert value == pytest.approx(before, **close)
        case "rescaling":
            assert explanation["input"] * explanation["scale"] + explanation["offset"] == pytest.approx(before, **close)
        case "copy":
            source = explanation["from"]
            assert explanation["value"] == before
            assert before == pytest.approx(0 if source is None else inputs[tuple(source)], abs=2e-5)
        case other:
            raise AssertionError(other)
    for pixel in explanation.get("window", []):
        assert pixel["value"] == pytest.approx(inputs[pixel["row"], pixel["column"], place[-1]], abs=2e-5)
    if "softmax" in explanation:
        worked = explanation["softmax"]
        assert sum(worked["exponentials"]) == pytest.approx(worked["total"], **close)
        assert np.allclose(np.exp(np.array(worked["logits"]) - worked["maximum"]) / worked["total"], worked["probabilities"])
        assert worked["logits"][explanation["unit"]] == pytest.approx(before, abs=1e-5)
        assert worked["probabilities"][place[-1]] == explanation["after"]


@pytest.mark.parametrize("name", [name for name in NAMES if name not in ("padding", "dilation")])  # frames and holes: below
def test_receptive_fields_are_those_of_the_recurrence(name: str, cases: dict[str, Case], results: dict[str, Any]) -> None:
    network = cases[name].network
    reaches = dict(zip([layer.name for layer in network.layers], receptive_fields(network), strict=True))
    for (layer, place), field in zip(cases[name].places, results[name]["fields"], strict=True):
        reach = reaches[layer]
        if reach is None or network[layer].kind not in WINDOWED:
            continue
        for axis, (first, last) in enumerate([("top", "bottom"), ("left", "right")]):
            start = reach.start[axis] + place[axis] * reach.jump[axis]
            end = min(start + reach.size[axis], network.input_shape[axis]) - 1
            assert field[first] == max(start, 0), (layer, place)
            # Lines that a stride drops at the far end are in no window; the recurrence, which knows no end, counts them.
            assert field[last] == end or (name in ("remainder", "same", "strides", "average") and field[last] < end)


@pytest.mark.parametrize("name", ["valid", "same", "strides", "remainder", "dilation", "average", "padding"])
def test_a_unit_changes_with_its_receptive_field_and_not_beyond(
    name: str, cases: dict[str, Case], results: dict[str, Any]
) -> None:
    """Weights of one, no padding value, no activation function: a pixel that can reach a unit then does."""
    case = cases[name]
    height, width, channels = case.network.input_shape
    pixels = np.zeros((height * width, height, width, channels), np.float32)
    pixels[np.arange(len(pixels)), np.arange(len(pixels)) // width, np.arange(len(pixels)) % width] = 1
    plain = Network("plain", case.network.input_shape, tuple(
        Layer(layer.name, layer.kind, {**layer.settings, "activation": "linear"}, layer.input_shape, layer.output_shape,
              {key: np.ones_like(array) if key == "kernel" else np.zeros_like(array) for key, array in layer.weights.items()})
        for layer in case.network.layers if layer.kind != "Softmax"
    ))  # fmt: skip
    outputs = activations(plain, pixels)
    for (layer, place), field in zip(case.places, results[name]["fields"], strict=True):
        if layer not in outputs:
            continue
        picture = outputs[layer].reshape(len(pixels), *plain[layer].output_shape)[:, *place]
        reached = (picture.reshape(height, width, -1) != 0).any(axis=2)
        rows, columns = np.flatnonzero(reached.any(axis=1)), np.flatnonzero(reached.any(axis=0))
        expected = (rows[0], columns[0], rows[-1], columns[-1]) if len(rows) else (0, 0, -1, -1)
        assert (field["top"], field["left"], field["bottom"], field["right"]) == expected, (layer, place)


@pytest.mark.parametrize("name", NAMES)
def test_blind_pixels_are_those_that_python_finds(name: str, cases: dict[str, Case], results: dict[str, Any]) -> None:
    network = cases[name].network
    rows, columns = unused_input_pixels(network)
    expected = np.zeros(network.input_shape[:2], int)
    expected[rows, :] = 1
    expected[:, columns] = 1
    assert np.array_equal(np.array(results[name]["blind"]).reshape(expected.shape), expected)


def test_some_of_the_networks_have_blind_pixels(results: dict[str, Any]) -> None:
    assert {name for name in NAMES if any(results[name]["blind"])} >= {"cnn", "remainder", "valid"}


def test_an_unknown_layer_stops_the_run_and_what_came_before_it_is_shown(tmp_path: Path) -> None:
    model = keras.Sequential([keras.Input((6, 6, 1)), layers.Conv2D(2, 3, activation="relu"), layers.Conv2DTranspose(2, 3),
                              layers.Flatten(), layers.Dense(3, activation="softmax")])  # fmt: skip
    network, inputs = from_keras(model), np.ones((1, 6, 6, 1), np.float32)
    first, unknown = network.layers[0].name, network.layers[1].name
    case = Case(model, network, inputs, [(first, (0, 0, 0)), (unknown, (0, 0, 0))], [(unknown, (0, 0))], 0)
    result = run_engine({"unknown": case.written()}, tmp_path)["unknown"]
    assert result["unknown"] == [unknown]
    run = result["runs"][0]
    assert (run["probabilities"], run["logits"], run["stoppedAt"]) == (None, None, unknown)
    assert list(run["activations"]) == [first]
    assert np.allclose(array_of(run["activations"][first]), next(keras_outputs(model, inputs))[1][0], atol=1e-5)
    assert result["explanations"][0]["kind"] == "convolution"
    assert (result["explanations"][1], result["gradient"]) == (None, None)
    assert result["fields"] == [{"top": 0, "left": 0, "bottom": 5, "right": 5}]
