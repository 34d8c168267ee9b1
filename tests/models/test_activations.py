"""Activations against Keras and nested loops; receptive fields against real changes."""

from __future__ import annotations

import numpy as np
import pytest

from convscope.analysis.activations import activations
from convscope.errors import ConfigError
from convscope.models.backend import require_backend
from convscope.models.network import Network, from_description, from_keras
from convscope.models.onnx_writer.writer import ACTIVATIONS
from convscope.models.receptive_field import layers_dropping_pixels, receptive_fields, unused_input_pixels

from .own_networks import ACCEPTED  # type: ignore[import-not-found]

require_backend()
import keras  # noqa: E402
from keras import layers  # noqa: E402

CHAINS = {
    "valid": [layers.Conv2D(4, 3, activation="relu"), layers.MaxPooling2D(2), layers.Conv2D(5, (2, 3))],
    "same": [layers.Conv2D(4, 3, padding="same"), layers.MaxPooling2D(3, strides=2, padding="same")],
    "strides": [layers.Conv2D(4, 3, strides=2, padding="same"), layers.Conv2D(3, 4, strides=(3, 2), activation="tanh")],
    "dilation": [layers.Conv2D(4, 3, dilation_rate=2), layers.Conv2D(2, 3, dilation_rate=(1, 3), padding="same")],
    "average": [layers.AveragePooling2D(3, strides=2, padding="same"), layers.AveragePooling2D((2, 3))],
    "padding": [layers.ZeroPadding2D(((1, 2), (0, 3))), layers.Conv2D(3, 3, use_bias=False), layers.ReLU()],
    "normalised": [layers.Rescaling(2.0, offset=-1.0), layers.Conv2D(6, 3), layers.BatchNormalization(),
                   layers.Activation("relu"), layers.Dropout(0.5), layers.GlobalAveragePooling2D()],
    "groups": [layers.Conv2D(6, 3, groups=2, activation="elu"), layers.DepthwiseConv2D(3, depth_multiplier=2, padding="same"),
               layers.DepthwiseConv2D((2, 3), strides=2, use_bias=False, activation="gelu"), layers.GlobalMaxPooling2D()],
    "rectified": [layers.Conv2D(4, 3, activation="leaky_relu"), layers.ReLU(max_value=0.7, negative_slope=0.2, threshold=0.1),
                  layers.ReLU(threshold=0.2),
                  layers.Conv2D(4, 3, activation="silu"), layers.LeakyReLU(0.05), layers.ELU(0.6), layers.ReLU(max_value=0.5)],
    "curves": [layers.Conv2D(4, 3, activation="selu"), layers.Activation("softplus"), layers.Activation("relu6"),
               layers.Activation("sigmoid"), layers.Dense(3, activation="softmax"), layers.Reshape((15, 11, 3))],
    "sequence": [layers.Conv2D(4, 3), layers.Reshape((55, 12)), layers.BatchNormalization(), layers.Dense(5, activation="gelu"),
                 layers.BatchNormalization(scale=False, center=False), layers.Softmax()],
    "training only": [layers.GaussianNoise(0.5), layers.RandomFlip(), layers.RandomRotation(0.2), layers.RandomZoom(0.2),
                      layers.RandomTranslation(0.1, 0.1), layers.RandomContrast(0.3), layers.RandomBrightness(0.3),
                      layers.Conv2D(3, 3), layers.SpatialDropout2D(0.5), layers.GaussianDropout(0.5),
                      layers.ActivityRegularization(l2=0.1), layers.GlobalAveragePooling2D(keepdims=True)],
}  # fmt: skip


def build(parts: list[keras.Layer], image_shape: tuple[int, int, int] = (13, 17, 2)) -> keras.Model:
    keras.utils.set_random_seed(7)
    clones = [type(part).from_config(part.get_config()) for part in parts]
    is_flat = isinstance(clones[-1], (layers.GlobalAveragePooling2D, layers.GlobalMaxPooling2D)) and not clones[-1].keepdims
    flat = [] if is_flat else [layers.Flatten()]
    return keras.Sequential([keras.Input(image_shape), *clones, *flat, layers.Dense(5), layers.Softmax()])


@pytest.mark.slow
@pytest.mark.parametrize("name", CHAINS)
def test_every_layer_agrees_with_keras(name: str) -> None:
    check_against_keras(build(CHAINS[name]), seed=1)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(8))
def test_every_layer_of_a_random_network_agrees_with_keras(seed: int) -> None:
    generator = np.random.default_rng(seed)
    activation = [str(name) for name in generator.permutation(sorted(ACTIVATIONS))]
    parts = [
        layers.Conv2D(int(generator.integers(1, 7)), int(generator.integers(1, 4)), strides=int(generator.integers(1, 3)),
                      padding="same", use_bias=bool(generator.integers(2)), activation=activation[0]),
        layers.BatchNormalization(center=bool(generator.integers(2))),
        layers.Activation(activation[1]),
        layers.ReLU(*(float(value) for value in generator.uniform(0.2, 1, 3))),
        (layers.MaxPooling2D, layers.AveragePooling2D)[seed % 2](int(generator.integers(1, 4)), padding="same"),
        layers.DepthwiseConv2D(2, depth_multiplier=int(generator.integers(1, 3)), activation=activation[2], padding="same"),
        layers.Flatten(), layers.Dense(6, activation=activation[3]), layers.BatchNormalization(),
    ]  # fmt: skip
    check_against_keras(build(parts), seed=seed)


def check_against_keras(model: keras.Model, *, seed: int) -> None:
    generator = np.random.default_rng(seed)
    for layer in model.layers:
        if isinstance(layer, layers.BatchNormalization):  # untrained statistics would hide a swapped mean and variance
            layer.set_weights([generator.uniform(0.5, 2, weight.shape) for weight in layer.get_weights()])
    inputs = generator.normal(size=(3, *model.input_shape[1:])).astype(np.float32)
    ours = activations(from_keras(model), inputs)
    current = inputs
    for layer in model.layers:
        current = layer(current, training=False) if "training" in layer.call.__code__.co_varnames else layer(current)
        assert ours[layer.name].shape == current.shape
        assert np.allclose(ours[layer.name], current, atol=1e-5), layer.name


def test_a_convolution_agrees_with_four_nested_loops() -> None:
    model = build([layers.Conv2D(3, 3, activation="relu")], (6, 7, 2))
    network = from_keras(model)
    image = np.random.default_rng(2).normal(size=(6, 7, 2)).astype(np.float32)
    kernel, bias = network.layers[0].weights["kernel"], network.layers[0].weights["bias"]
    expected = np.zeros((4, 5, 3))
    for row in range(4):
        for column in range(5):
            for channel in range(3):
                total = float(bias[channel])
                for place in np.ndindex(3, 3, 2):
                    total += image[row + place[0], column + place[1], place[2]] * kernel[(*place, channel)]
                expected[row, column, channel] = max(total, 0)
    ours = activations(network, image[None])[network.layers[0].name]
    assert np.allclose(ours[0], expected, atol=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in CHAINS if name not in ("normalised", "rectified")])  # a cap hides changes
def test_a_unit_changes_with_the_pixels_of_its_receptive_field_and_with_no_other(name: str) -> None:
    network = from_keras(build(CHAINS[name]))
    # Every weight positive and every pixel in play: what can change a unit then does.
    network = Network(network.name, network.input_shape, tuple(
        type(layer)(layer.name, layer.kind, {**layer.settings, "activation": "linear"}, layer.input_shape, layer.output_shape,
                    {key: np.abs(array) + 0.1 for key, array in layer.weights.items()})
        for layer in network.layers
    ))  # fmt: skip
    base = np.ones((1, 13, 17, 2), np.float32)
    before, after = activations(network, base), {}
    for row, column in np.ndindex(13, 17):
        changed = np.array(base)
        changed[0, row, column] += 100
        after[row, column] = activations(network, changed)  # alone, since a batch would round otherwise
    for layer, reach in zip(network.layers, receptive_fields(network), strict=True):
        if reach is None or layer.kind not in {"Conv2D", "MaxPooling2D", "AveragePooling2D"}:
            continue
        unit = (0, layer.output_shape[0] // 2, layer.output_shape[1] // 2, 0)
        first = [reach.start[axis] + unit[axis + 1] * reach.jump[axis] for axis in (0, 1)]
        inside = np.zeros((13, 17), bool)
        inside[max(first[0], 0) : first[0] + reach.size[0], max(first[1], 0) : first[1] + reach.size[1]] = True
        for (row, column), found in after.items():
            moved = found[layer.name][unit] != before[layer.name][unit]
            assert inside[row, column] or not moved, (layer.name, row, column)
            if name != "dilation":  # a dilated window has holes; its frame is what is stated
                assert moved or not inside[row, column], (layer.name, row, column)


BRANCHES = ("residual", "skip from the image", "multi-path", "gated", "extremes")


@pytest.mark.parametrize("name", BRANCHES)
def test_every_layer_of_a_network_with_branches_agrees_with_keras(name: str) -> None:
    model = ACCEPTED[name]((9, 8, 2), 3)
    inputs = np.random.default_rng(1).random((3, 9, 8, 2), np.float32)
    ours = activations(from_keras(model), inputs)
    expected = keras.Model(model.inputs[0], [model.get_layer(name).output for name in ours])(inputs)
    for (layer, found), wanted in zip(ours.items(), expected, strict=True):
        assert np.allclose(found, wanted, atol=1e-5), layer


def test_the_receptive_field_of_joined_branches_spans_those_of_all() -> None:
    inputs = keras.Input((12, 12, 1))
    wide, down = (
        layers.Conv2D(2, 5, padding="same", name="wide")(inputs),
        layers.Conv2D(2, 2, strides=2, name="down")(inputs),
    )
    joined = layers.Add(name="joined")([wide, layers.Conv2D(2, (1, 7), padding="same")(inputs)])
    pooled = layers.Concatenate(name="halves")([layers.MaxPooling2D(2, name="pool")(joined), down])
    outputs = layers.Dense(3, activation="softmax", name="last")(layers.Flatten()(pooled))
    network = from_keras(keras.Model(inputs, outputs))
    fields = dict(zip((layer.name for layer in network.layers), receptive_fields(network), strict=True))
    found = {name: (field.size, field.jump, field.start) for name, field in fields.items() if field is not None}
    assert found["joined"] == ((5, 7), (1, 1), (-2, -3))
    assert found["halves"] == ((6, 8), (2, 2), (-2, -3))
    assert fields["last"] is None
    assert unused_input_pixels(network) == ([], [])


def test_a_branch_past_a_layer_that_drops_pixels_uses_them() -> None:
    inputs = keras.Input((9, 9, 1))
    first = layers.Conv2D(2, 3, padding="same")(inputs)
    dropping = layers.Flatten()(layers.MaxPooling2D(2)(first))
    both = layers.Concatenate()([dropping, layers.GlobalAveragePooling2D()(first)])
    network = from_keras(keras.Model(inputs, layers.Dense(3, activation="softmax")(both)))
    assert unused_input_pixels(network) == ([], [])
    assert layers_dropping_pixels(network) == []


def test_blind_pixels_of_a_strided_network_are_those_that_change_nothing() -> None:
    network = from_keras(build([layers.Conv2D(2, 3, strides=3), layers.MaxPooling2D(2)], (13, 17, 1)))
    rows, columns = unused_input_pixels(network)
    base = np.full((1, 13, 17, 1), 0.5, np.float32)
    before = list(activations(network, base).values())[-1]
    dead_rows = [row for row in range(13) if not _changes(network, base, before, np.s_[:, row])]
    dead_columns = [column for column in range(17) if not _changes(network, base, before, np.s_[:, :, column])]
    assert (rows, columns) == (dead_rows, dead_columns)
    assert rows == [12]


def test_the_layers_that_make_pixels_blind_are_those_without_which_they_would_see() -> None:
    strided = from_keras(
        build([layers.Conv2D(2, 3, strides=3, name="stride"), layers.MaxPooling2D(2, name="pool")], (13, 13, 1))
    )
    assert unused_input_pixels(strided) == ([12], [12])
    assert layers_dropping_pixels(strided) == ["stride"]  # 13 = 4 · 3 + 1, and of the 4 the pooling drops none
    both = from_keras(
        build([layers.Conv2D(2, 3, strides=3, name="stride"), layers.MaxPooling2D(2, name="pool")], (16, 12, 1))
    )
    assert unused_input_pixels(both) == ([12, 13, 14, 15], [])  # 16 = 5 · 3 + 1, and of the 5 it drops one
    assert layers_dropping_pixels(both) == ["stride", "pool"]
    narrow = from_keras(build([layers.Conv2D(2, 2, strides=3, name="stride")], (8, 8, 1)))
    assert unused_input_pixels(narrow) == ([2, 5], [2, 5])
    assert layers_dropping_pixels(narrow) == ["stride"]
    assert layers_dropping_pixels(from_keras(build([layers.Conv2D(2, 3)], (8, 8, 1)))) == []


def _changes(network: Network, base: np.ndarray, before: np.ndarray, where: tuple) -> bool:
    for value in (-50.0, 50.0):
        changed = np.array(base)
        changed[where] = value
        if not np.array_equal(list(activations(network, changed).values())[-1], before):
            return True
    return False


def test_a_network_survives_being_described_in_json() -> None:
    import json

    network = from_keras(build(CHAINS["normalised"]))
    again = from_description(json.loads(json.dumps(network.description())), network.weight_arrays())
    inputs = np.random.default_rng(3).random((2, 13, 17, 2), np.float32)
    first, second = activations(network, inputs), activations(again, inputs)
    assert all(np.array_equal(first[name], second[name]) for name in first)


def test_an_unknown_kind_of_layer_is_named() -> None:
    model = keras.Sequential([keras.Input((8, 8, 1)), layers.Conv2DTranspose(2, 3), layers.Flatten(), layers.Dense(2)])
    with pytest.raises(ConfigError, match="Conv2DTranspose"):
        activations(from_keras(model), np.zeros((1, 8, 8, 1), np.float32))


def test_an_unknown_activation_is_named() -> None:
    model = keras.Sequential([keras.Input((4, 4, 1)), layers.Flatten(), layers.Dense(2, activation="mish", name="odd")])
    with pytest.raises(ConfigError, match="'odd'.*'mish'"):
        activations(from_keras(model), np.zeros((1, 4, 4, 1), np.float32))


def test_another_axis_than_the_last_is_refused_by_name() -> None:
    for odd in (layers.BatchNormalization(axis=1, name="odd"), layers.Softmax(axis=1, name="odd")):
        model = keras.Sequential([keras.Input((4, 4, 2)), odd, layers.Flatten()])
        with pytest.raises(ConfigError, match="'odd'.*axis 1"):
            activations(from_keras(model), np.zeros((1, 4, 4, 2), np.float32))


def test_layers_may_have_the_names_of_the_graphs_own_values() -> None:
    names = ("inputs", "value_0", "constant_0", "logits")
    dense = [layers.Dense(3, name=name) for name in names[1:]]
    model = keras.Sequential([keras.Input((2, 2, 1)), layers.Flatten(name=names[0]), *dense])
    inputs = np.random.default_rng(0).random((3, 2, 2, 1), np.float32)
    found = activations(from_keras(model), inputs)
    assert tuple(found) == names
    assert np.allclose(found["logits"], model(inputs), atol=1e-5)


def test_no_images_have_activations_of_the_right_shape() -> None:
    network = from_keras(build(CHAINS["normalised"]))
    found = activations(network, np.zeros((0, 13, 17, 2), np.float32))
    assert [values.shape for values in found.values()] == [(0, *layer.output_shape) for layer in network.layers]
