from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from convscope.analysis.ood.image_sets import make_ood_sets
from convscope.analysis.robustness.background import Background, background_of
from convscope.data.dataset import Dataset, Provenance, Split

ALL = ["letters", "digits", "clothes", "silhouettes", "scribbles", "inverted", "smooth_noise", "noise"]


@pytest.fixture(autouse=True)
def no_known_sets(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """As on a machine where Fashion-MNIST is not to be found."""
    from convscope.data.known import registry

    monkeypatch.setattr(registry.KnownSet, "folders", lambda self: [tmp_path / "nowhere"])


def photos(shape: tuple[int, int, int], names: tuple[str, ...] = ("cat", "dog")) -> Dataset:
    images = np.random.default_rng(0).integers(0, 256, (30, *shape), dtype=np.uint8)
    labels = np.arange(30) % len(names)
    return Dataset(
        "made", Split(images[:20], labels[:20]), Split(images[20:], labels[20:]), names, Provenance("made", "noise")
    )


def names_of(dataset: Dataset, number: int = 4) -> list[str]:
    return [each.name for each in make_ood_sets(dataset, background_of(dataset.test.images), number=number, seed=0)[0]]


@pytest.mark.slow
@pytest.mark.parametrize("shape", [(8, 8, 1), (28, 28, 1), (24, 40, 3), (64, 64, 3)])
def test_every_set_has_the_shape_of_the_datasets_images(shape: tuple[int, int, int]) -> None:
    sets, left_out = make_ood_sets(photos(shape), Background(None), number=5, seed=0)
    assert [each.name for each in sets] == [name for name in ALL if name != "clothes"]
    assert all(each.images.shape == (5, *shape) and each.images.dtype == np.uint8 for each in sets)
    assert [(each.title, "is not on this machine" in each.reason) for each in left_out] == [
        ("articles of clothing, Fashion-MNIST's", True)
    ]


def test_the_same_seed_gives_the_same_strangers_and_another_gives_others(digits: Dataset) -> None:
    def images(seed: int) -> list[np.ndarray]:  # type: ignore[type-arg]
        return [each.images for each in make_ood_sets(digits, Background((0,)), number=6, seed=seed)[0]]

    assert all(np.array_equal(one, other) for one, other in zip(images(0), images(0), strict=True))
    assert not any(np.array_equal(one, other) for one, other in zip(images(0), images(1), strict=True))


@pytest.mark.slow
def test_what_the_network_knows_is_no_stranger(digits: Dataset) -> None:
    assert "digits" not in names_of(digits)
    assert "digits" not in names_of(photos((8, 8, 1), tuple("0123456789")))
    assert "letters" not in names_of(photos((8, 8, 1), ("Aa", "Bb", "Cc")))
    assert "letters" in names_of(photos((8, 8, 1), ("ab", "a dog", "c")))
    assert "silhouettes" not in names_of(photos((8, 8, 1), ("T-shirt/top", "Bag", "Sandal")))


def test_images_that_are_the_datasets_own_are_left_out_to_the_byte(digits: Dataset) -> None:
    negatives = replace(digits, train=Split(255 - digits.test.images, digits.test.labels))
    sets, left_out = make_ood_sets(negatives, Background((0,)), number=9, seed=0)
    assert "inverted" not in {each.name for each in sets}
    assert "The dataset contains these images." in {each.reason for each in left_out}


def test_drawings_lie_on_the_background_of_the_data(mnist: Dataset) -> None:
    dark = {each.name: each.images for each in make_ood_sets(mnist, Background((0,)), number=20, seed=0)[0]}
    light = {each.name: each.images for each in make_ood_sets(mnist, Background((255,)), number=20, seed=0)[0]}
    for name in ("letters", "scribbles", "silhouettes"):
        assert np.median(dark[name]) == 0
        assert 0.03 < (dark[name] > 128).mean() < 0.6
        np.testing.assert_array_equal(255 - light[name], dark[name])


def test_drawings_differ_from_one_another(mnist: Dataset) -> None:
    for each in make_ood_sets(mnist, Background((0,)), number=40, seed=0)[0]:
        assert len({image.tobytes() for image in each.images}) == 40, each.name
