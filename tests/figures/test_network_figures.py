"""Figures of the inside: matrix, kernels, feature maps and the diagram."""

from __future__ import annotations

from collections.abc import Mapping

import matplotlib as mpl
import numpy as np
import numpy.typing as npt
import pytest

from convscope.analysis.activations import Kernels, activations, kernels
from convscope.data.preprocessing import to_inputs
from convscope.figures.figure import Illustration, to_svg
from convscope.figures.layers import draw_kernels
from convscope.figures.model_diagram import draw_model_diagram
from convscope.figures.mosaic import Mosaic, in_rows, shown_images
from convscope.models.network import Layer, Network
from convscope.models.summary import layer_table
from convscope.runs.record import RunRecord

Pixels = npt.NDArray[np.uint8]


def pictures_of(illustration: Illustration) -> list[Pixels]:
    return [np.asarray(image.get_array()) for axes in illustration.figure.axes for image in axes.images]


def tiles_of(image: Pixels, shape: tuple[int, int, int, int]) -> Pixels:
    """Cut a mosaic of ``shape`` (rows, columns, h, w) back into its tiles, at their own resolution."""
    rows, columns, height, width = shape
    grid = Mosaic(np.zeros((*shape, 4), np.uint8))
    tall, wide = (extent * grid.enlargement + grid.gap for extent in (height, width))
    assert image.shape == (rows * tall, columns * wide, 4)
    cells = image.reshape(rows, tall, columns, wide, 4).transpose(0, 2, 1, 3, 4)
    return cells[:, :, : height * grid.enlargement : grid.enlargement, : width * grid.enlargement : grid.enlargement]


def colours(values: npt.ArrayLike, name: str, low: float, high: float) -> Pixels:
    shares = np.clip((np.asarray(values) - low) / (high - low), 0, 1)
    return np.asarray(mpl.colormaps[name](shares, bytes=True))


@pytest.mark.slow
def test_all_512_kernels_of_the_second_convolution_are_in_the_mosaic(
    illustrations: Mapping[str, Illustration], digits_record: RunRecord
) -> None:
    weights = digits_record.network["conv2d_1"].weights["kernel"]
    tiles = tiles_of(pictures_of(illustrations["kernels_conv2d_1"])[0], (16, 32, 3, 3))
    largest = float(abs(weights).max())
    for source in range(16):
        for target in range(32):
            expected = colours(weights[:, :, source, target], "RdBu_r", -largest, largest)
            assert (tiles[source, target] == expected).all(), (source, target)


def test_all_16_kernels_of_the_first_convolution_are_shown(
    illustrations: Mapping[str, Illustration], digits_record: RunRecord
) -> None:
    weights = digits_record.network["conv2d"].weights["kernel"]
    largest = float(abs(weights).max())
    lines = [tiles_of(image, (1, 8, 3, 3))[0] for image in pictures_of(illustrations["kernels_conv2d"])[:2]]
    expected = colours(weights[:, :, 0].transpose(2, 0, 1), "RdBu_r", -largest, largest)
    assert (np.concatenate(lines) == expected).all()


def test_a_layer_with_more_kernels_than_fit_says_which_are_shown() -> None:
    values = np.random.default_rng(0).normal(size=(80, 160, 3, 3)).astype(np.float32)
    assert "The first 64 × 128 kernels are shown." in draw_kernels(Kernels("wide", values)).caption


def test_weights_of_zero_are_drawn() -> None:
    figure = draw_kernels(Kernels("zero", np.zeros((2, 3, 3, 3), np.float32)))
    assert "0% of 54 weights are negative" in figure.title
    white = colours(np.zeros((1, 3, 3)), "RdBu_r", -1.0, 1.0)[0, 0, 0]
    assert (pictures_of(figure)[0][0, 0] == white).all()


def test_every_channels_map_is_in_the_picture_and_equals_the_forward_pass(
    illustrations: Mapping[str, Illustration], digits_record: RunRecord
) -> None:
    outputs = activations(digits_record.network, to_inputs(digits_record.examples.test_image))
    for layer in ("conv2d", "max_pooling2d", "conv2d_1", "max_pooling2d_1"):
        values = outputs[layer][0].transpose(2, 0, 1)
        shown = pictures_of(illustrations[f"feature_maps_{layer}"])
        lines = [tiles_of(image, (1, 8, *values.shape[1:]))[0] for image in shown[1 : 1 + len(values) // 8]]
        assert (np.concatenate(lines) == colours(values, "viridis", 0, float(values.max()))).all(), layer


def test_every_channel_is_shown_for_one_image_of_each_class(
    illustrations: Mapping[str, Illustration], digits_record: RunRecord
) -> None:
    examples = digits_record.examples
    values = activations(digits_record.network, to_inputs(examples.one_per_class))["conv2d_1"].transpose(0, 3, 1, 2)
    inputs, maps = pictures_of(illustrations["feature_maps_per_class_conv2d_1"])[:2]
    assert (tiles_of(maps, values.shape) == colours(values, "viridis", 0, float(values.max()))).all()
    height, width = examples.one_per_class.shape[1:3]
    shown = tiles_of(inputs, (len(values), 1, height, width))
    assert (255 - shown[:, 0, :, :, 0] == examples.one_per_class[..., 0]).all(), "black on white"


def test_the_matrix_writes_every_pixel_of_the_first_image(
    illustrations: Mapping[str, Illustration], digits_record: RunRecord
) -> None:
    image = digits_record.examples.first_image[0, :, :, 0]
    figure = illustrations["first_image_matrix"].figure
    written = [text.get_text() for text in figure.texts if text.get_gid() is None]
    assert written[: int((image > 0).sum())] == [str(value) for value in image[image > 0]]
    zeros = next(line for line in figure.axes[0].lines if line.get_gid() == "zeros")
    assert len(zeros.get_xdata()) == (image == 0).sum()


def test_the_first_image_is_black_on_white(illustrations: Mapping[str, Illustration], digits_record: RunRecord) -> None:
    shown = pictures_of(illustrations["first_image"])[0]
    assert (shown[..., 0] == 255 - digits_record.examples.first_image[0, :, :, 0]).all()


def test_pictures_are_embedded_at_their_own_resolution(illustrations: Mapping[str, Illustration]) -> None:
    image = pictures_of(illustrations["kernels_conv2d_1"])[0]
    assert f'width="{image.shape[1]}" height="{image.shape[0]}"' in to_svg(illustrations["kernels_conv2d_1"])


def test_grey_photographs_are_not_shown_as_negatives() -> None:
    photo = np.full((1, 6, 6, 1), 180, np.uint8)
    assert (shown_images(photo)[0, :, :, 0] == 180).all()


def test_a_mosaic_leaves_missing_tiles_transparent() -> None:
    tiles = np.full((3, 10, 10, 4), 255, np.uint8)
    assert (in_rows(tiles, 2).tiles[1, 1] == 0).all()


def test_the_diagram_writes_shape_parameters_and_work_of_every_layer(
    illustrations: Mapping[str, Illustration], digits_record: RunRecord
) -> None:
    written = [text.get_text() for text in illustrations["model_diagram"].figure.texts]
    for row in layer_table(digits_record.network):
        assert {row.name, row.kind, f"{row.num_parameters:,}", f"{row.multiply_adds:,}"} <= set(written)


@pytest.mark.slow
def test_a_deep_network_is_drawn_with_numbers_for_names() -> None:
    layers = tuple(
        Layer(f"a_long_name_for_layer_{i}", "Conv2D", {"kernel_size": [3, 3], "strides": [1, 1]}, (40, 40, 8 + i), (40, 40, 9 + i),
              {"kernel": np.ones((3, 3, 8 + i, 9 + i), np.float32)})
        for i in range(40)
    )  # fmt: skip
    figure = draw_model_diagram(Network("deep", (40, 40, 8), layers))
    assert "40" in [text.get_text() for text in figure.figure.texts]
    to_svg(figure)


def test_a_network_without_weights_is_drawn() -> None:
    figure = draw_model_diagram(Network("bare", (4, 4, 1), (Layer("flatten", "Flatten", {}, (4, 4, 1), (16,)),)))
    assert figure.title == "1 layer with 0 parameters and 0 multiply-adds per image"


def test_kernels_come_in_the_order_of_the_network(
    digits_record: RunRecord, illustrations: Mapping[str, Illustration]
) -> None:
    names = [name.removeprefix("kernels_") for name in illustrations if name.startswith("kernels_")]
    assert names == [each.layer_name for each in kernels(digits_record.network)]
