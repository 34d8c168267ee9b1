from __future__ import annotations

import io
import subprocess
import sys

import numpy as np
import pytest

from convscope.errors import ConfigError
from convscope.models.architectures import MODELS, ann, cnn, find_model
from convscope.models.backend import require_backend
from convscope.models.keras_model import to_keras
from convscope.models.network import from_keras
from convscope.models.receptive_field import unused_input_pixels
from convscope.models.summary import layer_table

from ..gold_files import GoldFiles  # type: ignore[import-not-found]
from .keras_networks import KERAS_MODELS  # type: ignore[import-not-found]

require_backend()
MNIST = ((28, 28, 1), 10)
SHAPES = [(28, 28, 1), (8, 8, 1), (32, 48, 3), (10, 10, 2), (4, 4, 1)]


def test_cnn_on_mnist_is_the_notebooks_network() -> None:
    layers = [(layer.name, layer.output_shape, layer.num_parameters) for layer in cnn(*MNIST).layers]
    assert layers == [
        ("conv2d", (26, 26, 16), 160),
        ("max_pooling2d", (13, 13, 16), 0),
        ("conv2d_1", (11, 11, 32), 4640),
        ("max_pooling2d_1", (5, 5, 32), 0),
        ("flatten", (800,), 0),
        ("dense", (128,), 102_528),
        ("dense_1", (10,), 1290),
    ]


def test_keras_own_summary_counts_108618_parameters() -> None:
    lines: list[str] = []
    to_keras(cnn(*MNIST)).summary(print_fn=lines.append)
    text = "\n".join(lines)
    assert "Total params: 108,618 (424.29 KB)" in text
    assert "Non-trainable params: 0 (0.00 B)" in text


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(MODELS))
@pytest.mark.parametrize("image_shape", SHAPES)
def test_every_model_is_the_one_that_keras_builds_layer_by_layer(name: str, image_shape: tuple[int, int, int]) -> None:
    network, expected = MODELS[name](image_shape, 7), from_keras(KERAS_MODELS[name](image_shape, 7))
    assert network.description() == expected.description()
    shapes = {weight: array.shape for weight, array in expected.weight_arrays().items()}
    assert {weight: array.shape for weight, array in network.weight_arrays().items()} == shapes


def test_building_a_model_imports_no_keras() -> None:
    program = (
        "import sys\n"
        "from convscope.models.architectures import MODELS\n"
        "networks = [build((28, 28, 1), 10) for build in MODELS.values()]\n"
        "assert not {'keras', 'tensorflow', 'jax', 'onnxruntime'} & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def test_layer_names_do_not_depend_on_how_many_models_were_built_before() -> None:
    assert cnn(*MNIST).description() == cnn(*MNIST).description()


def test_a_side_of_one_pixel_is_not_pooled() -> None:
    assert [layer.output_shape for layer in cnn((1, 9, 1), 2).layers if layer.kind == "MaxPooling2D"] == [
        (1, 4, 16),
        (1, 2, 32),
    ]


def test_the_layer_table_adds_up_to_the_published_multiply_adds() -> None:
    table = layer_table(cnn(*MNIST))
    assert [row.multiply_adds for row in table] == [97_344, 0, 557_568, 0, 0, 102_400, 1280]
    assert (table.multiply_adds, table.num_parameters) == (758_592, 108_618)
    assert f"{table.kilobytes:.2f}" == "424.29"
    sums = {row.name: row.parameter_sum for row in table}
    assert sums["conv2d_1"] == "3·3·16·32 + 32"


def test_the_layer_table_reads_like_a_summary(gold: GoldFiles) -> None:
    gold("models/layer_table", str(layer_table(cnn(*MNIST))))


def test_the_receptive_fields_of_cnn_are_the_known_ones() -> None:
    reaches = [row.receptive_field for row in layer_table(cnn(*MNIST))]
    known = [(3, 1), (4, 2), (8, 2), (10, 4)]
    assert [(reach.size[0], reach.jump[0]) for reach in reaches[:4] if reach] == known
    assert reaches[4:] == [None, None, None]


def test_rows_and_columns_26_and_27_of_mnist_never_matter_and_all_others_do() -> None:
    model = to_keras(cnn(*MNIST))
    assert unused_input_pixels(cnn(*MNIST)) == ([26, 27], [26, 27])
    generator = np.random.default_rng(0)
    image = generator.random((1, 28, 28, 1), np.float32)
    without = np.array(image)
    without[:, 26:] = without[:, :, 26:] = generator.random()
    answer, same = model(image).numpy(), model(without).numpy()
    assert np.array_equal(answer, same)
    for line in (0, 13, 25):
        changed = np.array(image)
        changed[:, line] += 10
        assert not np.array_equal(answer, model(changed).numpy())


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(MODELS))
@pytest.mark.parametrize("image_shape", SHAPES)
def test_every_model_takes_any_size_channels_and_class_count(name: str, image_shape: tuple[int, int, int]) -> None:
    model = to_keras(MODELS[name](image_shape, 7))
    probabilities = model(np.ones((2, *image_shape), np.float32)).numpy()
    assert probabilities.shape == (2, 7)
    assert np.allclose(probabilities.sum(axis=1), 1, atol=1e-6)


def test_ann_has_three_dense_layers_and_about_as_many_parameters_as_cnn() -> None:
    model = ann(*MNIST)
    assert [layer.kind for layer in model.layers] == ["Flatten", "Dense", "Dense", "Dense"]
    assert model.num_parameters == 109_386


def test_a_misspelt_model_gets_the_nearest_name_as_a_hint() -> None:
    with pytest.raises(ConfigError, match="'cnm'.*'cnn'"):
        find_model("cnm")


def test_the_table_prints_on_any_encoding_of_utf8() -> None:
    stream = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    print(layer_table(ann((8, 8, 1), 3)), file=stream)
