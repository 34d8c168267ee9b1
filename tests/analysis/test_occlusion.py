from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.special import log_softmax

from convscope.analysis import occlusion
from convscope.analysis.occlusion import occlude
from convscope.models.network import Layer, Network
from convscope.models.onnx_layers import onnx_bytes
from convscope.models.predictor import Predictor

Array = np.ndarray[Any, Any]
SHAPE = (14, 21, 2)


@pytest.fixture(scope="module")
def kernel() -> Array:
    return np.random.default_rng(0).normal(0, 0.2, (int(np.prod(SHAPE)), 3)).astype(np.float32)


@pytest.fixture(scope="module")
def predictor(kernel: Array) -> Predictor:
    flat = len(kernel)
    layers = (
        Layer("flatten", "Flatten", {}, SHAPE, (flat,)),
        Layer(
            "dense", "Dense", {"activation": "softmax"}, (flat,), (3,), {"kernel": kernel, "bias": np.zeros(3, np.float32)}
        ),
    )
    return Predictor(onnx_bytes(Network("linear", SHAPE, layers)))


@pytest.mark.parametrize("batch_bytes", [2**26, 2000])
def test_it_equals_a_loop_over_patches(
    predictor: Predictor, kernel: Array, batch_bytes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(occlusion, "BATCH_BYTES", batch_bytes)
    image = np.random.default_rng(1).integers(0, 256, SHAPE, dtype=np.uint8)
    image[[0, -1]] = image[:, [0, -1]] = (40, 90)
    found = occlude(predictor, image, (2, 0))
    assert (found.patch, found.stride) == (2, 1)
    assert found.drop.shape == (2, 13, 20)

    def logarithms(pixels: Array) -> Array:
        return np.asarray(log_softmax((pixels / 255).ravel() @ kernel.astype(float)))

    for row in range(13):
        for column in range(20):
            covered = image.copy()
            covered[row : row + 2, column : column + 2] = (40, 90)
            expected = (logarithms(image) - logarithms(covered))[[2, 0]]
            assert found.drop[:, row, column] == pytest.approx(expected, abs=1e-4)


def test_covering_background_changes_nothing(predictor: Predictor) -> None:
    image = np.zeros(SHAPE, np.uint8)
    image[5:9, 5:9] = 200
    drop = occlude(predictor, image, (1,)).drop[0]
    assert drop[0, 0] == 0
    assert np.abs(drop[4:9, 4:9]).min() > 0


@pytest.mark.parametrize("side", [1, 3])
def test_an_image_smaller_than_a_patch_has_one_patch(side: int) -> None:
    layers = (
        Layer("flatten", "Flatten", {}, (side, side, 1), (side * side,)),
        Layer("dense", "Dense", {"activation": "softmax"}, (side * side,), (2,),
              {"kernel": np.ones((side * side, 2), np.float32), "bias": np.zeros(2, np.float32)}),
    )  # fmt: skip
    tiny = Predictor(onnx_bytes(Network("tiny", (side, side, 1), layers)))
    assert occlude(tiny, np.full((side, side, 1), 9, np.uint8), (0, 1)).drop.size >= 2
