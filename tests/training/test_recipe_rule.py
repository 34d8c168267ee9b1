from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from convscope.data.dataset import Dataset, Provenance, Split
from convscope.training.augmentation import Augmentation
from convscope.training.recipe_rule import MAX_EPOCHS, MIN_EPOCHS, TrainingSet, adapted, equal_neighbours, is_one_sided
from convscope.training.recipes import best, find_recipe, standard

MNIST = TrainingSet(60_000, (28, 28, 1), 10, photos=False)


def made(images: np.ndarray, names: tuple[str, ...] = ("cat", "dog")) -> Dataset:
    split = Split(images, np.arange(len(images)) % len(names))
    return Dataset("made", split, split, names, Provenance("made", "made"))


def noise(shape: tuple[int, ...], seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


def test_mnist_gets_the_settings_that_its_promise_was_measured_with(mnist: Dataset) -> None:
    found = find_recipe("standard", TrainingSet.of(mnist))
    assert TrainingSet.of(mnist) == MNIST
    assert found == standard()
    assert (found.epochs, found.batch_size, found.learning_rate, found.label_smoothing) == (4, 96, 0.01, 0.05)
    assert (found.augmentation, found.final_epochs_less_augmented) == (Augmentation(shift=1 / 28), 0)
    assert (found.max_cycles, found.time) == (1, 0.0)


@pytest.mark.parametrize("num_images", [10, 50, 1000, 12_000])
@pytest.mark.parametrize("shape", [(8, 8, 1), (28, 28, 1), (64, 48, 3)])
@pytest.mark.parametrize("classes", [2, 62])
def test_small_sets_get_the_settings_of_best(num_images: int, shape: tuple[int, int, int], classes: int) -> None:
    found = adapted(standard(), TrainingSet(num_images, shape, classes, photos=False))
    assert replace(found, recipe="best") == best()


def test_more_images_never_get_more_epochs_and_the_steps_grow_with_them() -> None:
    sizes = np.unique(np.geomspace(2, 10**6, 400).astype(int)).tolist()
    found = [adapted(standard(), replace(MNIST, num_images=size)) for size in sizes]
    epochs = [config.epochs for config in found]
    assert epochs == sorted(epochs, reverse=True)
    assert set(epochs) == set(range(MIN_EPOCHS, MAX_EPOCHS + 1)) - {each for each in range(5, 20) if each not in epochs}
    assert all(config.final_epochs_less_augmented < config.epochs for config in found)
    assert [config.augmentation.warps for config in found] == [config.epochs > MIN_EPOCHS for config in found]


def test_a_strip_of_pixels_is_not_turned() -> None:
    found = adapted(standard(), replace(MNIST, num_images=500, image_shape=(1, 64, 1)))
    assert found.epochs == MAX_EPOCHS
    assert found.augmentation == Augmentation(shift=1 / 28)
    assert found.augmentation.describe((1, 64, 1)) == {}


def test_photos_are_flipped_whatever_their_number() -> None:
    for size in (50, 100_000):
        photos = TrainingSet(size, (32, 32, 3), 10, photos=True)
        assert adapted(standard(), photos).augmentation.flip
        assert not adapted(standard(), replace(photos, photos=False)).augmentation.flip


@pytest.mark.parametrize(
    "name", ["7", "14", "a", "Ж", "letter A", "turn_left", "Right arrow", "stop sign", "number 3", " b "]
)
def test_names_of_what_a_mirror_changes(name: str) -> None:
    assert is_one_sided(name)
    assert not TrainingSet.of(made(noise((20, 16, 16, 3)), ("dog", name))).photos


@pytest.mark.parametrize("name", ["cat", "design", "bright lamp", "7-spot ladybird", "Katze", "signal", "cleft"])
def test_names_of_what_a_mirror_leaves_as_it_is(name: str) -> None:
    assert not is_one_sided(name)
    assert TrainingSet.of(made(noise((20, 16, 16, 3)), ("dog", name))).photos


def test_drawings_and_grey_images_are_no_photos() -> None:
    drawn = np.repeat(noise((20, 16, 4, 3)), 4, axis=2)
    assert equal_neighbours(drawn) == pytest.approx(0.8, abs=0.01)
    assert not TrainingSet.of(made(drawn)).photos
    assert not TrainingSet.of(made(noise((20, 16, 16, 1)))).photos
    assert equal_neighbours(noise((3, 5, 1, 3))) == 1.0


def test_other_recipes_and_settings_of_ones_own_stay_as_they_are() -> None:
    few = replace(MNIST, num_images=100)
    assert find_recipe("best", few) == best()
    assert find_recipe(standard(), few) == standard()
    assert find_recipe("standard", few) != standard()


def test_a_training_set_survives_json() -> None:
    assert TrainingSet.from_dict({**MNIST.as_dict(), "image_shape": [28, 28, 1]}) == MNIST
