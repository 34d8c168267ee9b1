"""The sets that the rule of the recipe `standard` was chosen and measured on: made here, or parts of installed ones.

MNIST's test split is in none of them: parts of MNIST and of Fashion-MNIST are rows of the training splits, and their test images
are 2,000 other rows. Photos and textures are patches of the sample pictures that scikit-image and scikit-learn bring, those for
testing from the lower quarter of each picture, so no patch shares a pixel with one in the other split. Letters are drawn in the
fonts that matplotlib brings, those for testing in fonts of their own.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from PIL import Image, ImageDraw, ImageFont
from scipy.ndimage import gaussian_filter

from convscope.data.dataset import Dataset, Provenance, Split
from convscope.data.known.builtin import load_digits, load_mnist
from convscope.data.load import load_dataset
from convscope.data.split import stratified_split

Array = np.ndarray[Any, Any]
FASHION = Path("/usr/share/datasets/fashion-mnist")
"""Where Debian's package dataset-fashion-mnist puts the files."""
NUM_TEST = 2000
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
PHOTOS = (
    "astronaut",
    "chelsea",
    "coffee",
    "hubble_deep_field",
    "immunohistochemistry",
    "retina",
    "rocket",
    "stereo_motorcycle",
)
GREY = ("brick", "camera", "coins", "grass", "gravel", "moon", "page", "text")
FONTS = ("DejaVuSans", "DejaVuSans-BoldOblique", "DejaVuSansMono", "DejaVuSerif-Bold", "DejaVuSerif-Italic", "STIXGeneral",
         "STIXGeneralBol", "STIXGeneralItalic", "STIXNonUniBol", "cmss10", "cmti10")  # fmt: skip
TEST_FONTS = ("DejaVuSansMono-BoldOblique", "DejaVuSerif", "STIXGeneralBolIta", "cmr10", "cmtt10")
SHAPES = ("circle", "square", "triangle", "diamond", "cross", "ring", "star", "arrow")


def dataset(name: str, train: tuple[Array, Array], test: tuple[Array, Array], class_names: tuple[str, ...]) -> Dataset:
    """Return a dataset of arrays; grey images get their last axis."""
    splits = [
        Split(images.reshape(*images.shape[:3], -1).astype(np.uint8), labels.astype(np.int64))
        for images, labels in (train, test)
    ]
    return Dataset(name, *splits, class_names, Provenance(name, name))


def part(whole: Dataset, name: str, counts: Array) -> Dataset:
    """Return a dataset of ``counts[k]`` training images of class k and :data:`NUM_TEST` others to test on."""
    order = np.random.default_rng(0).permutation(len(whole.train))
    test, rest = order[:NUM_TEST], order[NUM_TEST:]
    labels = whole.train.labels[rest]
    rows = np.concatenate([rest[labels == k][:count] for k, count in enumerate(counts)])
    splits = [(whole.train.images[each], whole.train.labels[each]) for each in (rows, test)]
    return dataset(name, *splits, whole.class_names)


def equal(total: int) -> Array:
    return np.full(10, total // 10)


UNEVEN = np.where(np.arange(10) % 2, 20, 1000)


def with_noise(clean: Dataset, share: float) -> Dataset:
    """Replace that share of the training labels with others."""
    generator, labels = np.random.default_rng(1), clean.train.labels.copy()
    rows = generator.choice(len(labels), round(share * len(labels)), replace=False)
    labels[rows] = (labels[rows] + generator.integers(1, clean.num_classes, len(rows))) % clean.num_classes
    return dataset(
        f"{clean.name}-noisy", (clean.train.images, labels), (clean.test.images, clean.test.labels), clean.class_names
    )


def _glyph(text: str, font: str, side: int, generator: np.random.Generator) -> Array:
    """Draw a character, light on dark, of random size, slant and place, slightly noisy."""
    path = Path(mpl.get_data_path(), "fonts", "ttf", f"{font}.ttf")
    drawn = Image.new("L", (2 * side, 2 * side))
    size = int(side * generator.uniform(0.9, 1.5))
    place = tuple(side + generator.uniform(-0.2, 0.2, 2) * side)
    ImageDraw.Draw(drawn).text(place, text, 255, ImageFont.truetype(str(path), size), anchor="mm")
    angle, slant = generator.uniform(-12, 12), generator.uniform(-0.25, 0.25)
    turned = drawn.rotate(angle, Image.Resampling.BILINEAR).transform(
        drawn.size, Image.Transform.AFFINE, (1, slant, -slant * side, 0, 1, 0), Image.Resampling.BILINEAR
    )
    pixels = np.asarray(turned.resize((side, side), Image.Resampling.BOX), np.float64)
    return np.clip(pixels * generator.uniform(0.5, 1) + generator.normal(0, 25, pixels.shape), 0, 255)


def letters(
    num_classes: int,
    num_train: int,
    num_test: int = 1240,
    fonts: tuple[tuple[str, ...], ...] = (FONTS, TEST_FONTS),
    seed: int = 0,
) -> Dataset:
    """Return letters and digits of 28 × 28, in the fonts for training and for testing."""
    generator = np.random.default_rng(seed or num_classes)

    def draw(number: int, fonts: tuple[str, ...]) -> tuple[Array, Array]:
        labels = np.arange(number) % num_classes
        return np.stack([_glyph(LETTERS[k], str(generator.choice(fonts)), 28, generator) for k in labels]), labels

    return dataset(
        f"letters-{num_classes}", draw(num_train, fonts[0]), draw(num_test, fonts[1]), tuple(LETTERS[:num_classes])
    )


def _pictures(names: tuple[str, ...]) -> list[Array]:
    from skimage import data as samples  # which not everybody has who runs other scripts

    found = [getattr(samples, name)() for name in names]
    return [each[0] if isinstance(each, tuple) else each for each in found]


def patches(name: str, pictures: list[Array], names: tuple[str, ...], side: int, each: int, smaller: int) -> Dataset:
    """Return ``each`` training patches of every picture, read at 1/``smaller`` of its size, and 60 for testing."""
    generator = np.random.default_rng(side)
    splits: dict[str, list[Array]] = {"train": [], "test": []}
    for picture in pictures:
        wide = max(side * smaller * 4, max(picture.shape[:2]) // 2)  # of one scale, as far as that goes
        scale = min(1.0, wide / max(picture.shape[:2]))
        size = [max(4 * side, round(length * scale)) for length in picture.shape[1::-1]]
        pixels = np.asarray(Image.fromarray(picture).resize(size, Image.Resampling.BOX))
        border = pixels.shape[0] * 3 // 4
        for key, number, rows in (("train", each, (0, border - side)), ("test", 60, (border, pixels.shape[0] - side))):
            tops, lefts = (
                generator.integers(rows[0], rows[1] + 1, number),
                generator.integers(0, pixels.shape[1] - side + 1, number),
            )
            light = generator.uniform(0.6, 1.4, number)
            cut = (pixels[y : y + side, x : x + side] * k for y, x, k in zip(tops, lefts, light, strict=True))
            splits[key] += [np.clip(each, 0, 255) for each in cut]
    labels = {key: np.repeat(np.arange(len(pictures)), len(found) // len(pictures)) for key, found in splits.items()}
    train, test = ((np.stack(splits[key]), labels[key]) for key in ("train", "test"))
    return dataset(name, train, test, names)


def _shape(kind: str, side: int, colour: tuple[int, ...], draw: ImageDraw.ImageDraw) -> None:
    """Draw a shape over the middle of an image of ``side`` pixels."""
    low, middle, high = 0.2 * side, 0.5 * side, 0.8 * side
    third, two = 0.4 * side, 0.6 * side
    outlines = {
        "square": [(low, low), (high, low), (high, high), (low, high)],
        "triangle": [(middle, low), (high, high), (low, high)],
        "diamond": [(middle, low), (high, middle), (middle, high), (low, middle)],
        "cross": [(third, low), (two, low), (two, third), (high, third), (high, two), (two, two), (two, high), (third, high),
                  (third, two), (low, two), (low, third), (third, third)],
        "star": [(middle + r * side * np.sin(a), middle - r * side * np.cos(a))
                 for a, r in zip(np.arange(10) * np.pi / 5, [0.34, 0.14] * 5, strict=True)],
        "arrow": [(low, third), (middle, third), (middle, low), (high, middle), (middle, high), (middle, two), (low, two)],
    }  # fmt: skip
    if kind in outlines:
        draw.polygon(outlines[kind], fill=colour)
    elif kind == "ring":
        draw.ellipse((low, low, high, high), outline=colour, width=side // 8)
    else:
        draw.ellipse((low, low, high, high), fill=colour)


def objects(
    name: str, kinds: tuple[str, ...], side: int, num_train: int, *, flat: bool, num_test: int = 600, seed: int = 0
) -> Dataset:
    """Return coloured shapes, on one colour if ``flat`` (signs), else before blurred random backgrounds, noisy (photos)."""
    generator = np.random.default_rng(seed or side + len(kinds))

    def draw_one(kind: str) -> Array:
        layer = Image.new("RGBA", (side, side))
        hue = kinds.index(kind) * 256 // len(kinds) + generator.normal(0, 30) if not flat else generator.integers(256)
        colour = Image.new("HSV", (1, 1), (int(hue) % 256, *(int(each) for each in generator.integers(60, 256, 2))))
        _shape(kind, side, colour.convert("RGB").getpixel((0, 0)), ImageDraw.Draw(layer))
        scale, angle = generator.uniform(0.5, 1.1), generator.uniform(-25, 25)
        moved = tuple(int(each) for each in generator.uniform(-0.1, 0.1, 2) * side)
        layer = layer.rotate(angle, Image.Resampling.BILINEAR, translate=moved)
        small = layer.resize((int(side * scale),) * 2, Image.Resampling.BILINEAR)
        ground = np.broadcast_to(generator.integers(0, 256, 3), (side, side, 3)).astype(np.float64)
        if not flat:
            blurred = gaussian_filter(generator.normal(size=(side, side, 3)), (side / 16, side / 16, 0))
            ground = 128 + 25 * blurred / blurred.std() + 0.3 * (ground - 128)
        picture = Image.fromarray(np.clip(ground, 0, 255).astype(np.uint8))
        picture.paste(small, ((side - small.width) // 2, (side - small.height) // 2), small)
        pixels = np.asarray(picture, np.float64)
        return (
            pixels if flat else np.clip(pixels * generator.uniform(0.5, 1.2) + generator.normal(0, 12, pixels.shape), 0, 255)
        )

    def draw(number: int) -> tuple[Array, Array]:
        labels = np.arange(number) % len(kinds)
        return np.stack([draw_one(kinds[k]) for k in labels]), labels

    return dataset(name, draw(num_train), draw(num_test), kinds)


def photos(side: int = 64, each: int = 100, *, without_test: bool = False) -> Dataset:
    """Return patches of ten colour pictures."""
    from sklearn.datasets import load_sample_images

    pictures = [*_pictures(PHOTOS), *load_sample_images().images]
    pictures = _upper(pictures) if without_test else pictures
    return patches("photos", pictures, (*PHOTOS, "temple", "flower"), side, each, 1)


def _upper(pictures: list[Array]) -> list[Array]:
    """Return the part of each picture above the quarter that :func:`patches` tests on."""
    return [each[: len(each) * 7 // 10] for each in pictures]


def _without_test(whole: Dataset) -> Dataset:
    """Return the rows that :func:`part` does not test on."""
    rows = np.random.default_rng(0).permutation(len(whole.train))[NUM_TEST:]
    return dataset(whole.name, (whole.train.images[rows], whole.train.labels[rows]), (whole.test.images, whole.test.labels),
                   whole.class_names)  # fmt: skip


def _quarter_held_out(whole: Dataset) -> Dataset:
    """Return a dataset of the training split alone, a quarter of which stands for the test split."""
    kept, held = stratified_split(whole.train.labels, 0.25, seed=99)
    return replace(whole, train=whole.train.take(kept), test=whole.train.take(held))


def fashion() -> Dataset:
    return load_dataset(FASHION)


SETS: dict[str, Callable[[], Dataset]] = {
    "digits": load_digits,
    "mnist-50": lambda: part(load_mnist(), "mnist-50", equal(50)),
    "mnist-100": lambda: part(load_mnist(), "mnist-100", equal(100)),
    "mnist-200": lambda: part(load_mnist(), "mnist-200", equal(200)),
    "mnist-1000": lambda: part(load_mnist(), "mnist-1000", equal(1000)),
    "mnist-12000": lambda: part(load_mnist(), "mnist-12000", equal(12_000)),
    "mnist-uneven": lambda: part(load_mnist(), "mnist-uneven", UNEVEN),
    "mnist-noisy": lambda: with_noise(part(load_mnist(), "mnist", equal(6000)), 0.2),
    "mnist-3-or-5": lambda: part_of_classes(load_mnist(), "mnist-3-or-5", (3, 5), 100),
    "fashion-1000": lambda: part(fashion(), "fashion-1000", equal(1000)),
    "fashion-12000": lambda: part(fashion(), "fashion-12000", equal(12_000)),
    "fashion-50000": lambda: part(fashion(), "fashion-50000", equal(50_000)),
    "letters-26": lambda: letters(26, 1300),
    "letters-62": lambda: letters(62, 2480),
    "signs": lambda: objects("signs", SHAPES, 32, 400, flat=True),
    "objects": lambda: objects("objects", SHAPES[:5], 48, 600, flat=False),
    "circle-or-star": lambda: objects("circle-or-star", ("circle", "star"), 96, 200, flat=False),
    "textures": lambda: patches("textures", _pictures(GREY), GREY, 32, 80, 1),
    "photos": photos,
}  # fmt: skip


def part_of_classes(whole: Dataset, name: str, classes: tuple[int, ...], each: int) -> Dataset:
    """Return ``each`` training images of the given classes, and the test images of those."""
    chosen = part(whole, name, np.where(np.isin(np.arange(10), classes), each, 0))
    splits = []
    for split in (chosen.train, chosen.test):
        rows = np.isin(split.labels, classes)
        splits.append((split.images[rows], np.searchsorted(classes, split.labels[rows])))
    return dataset(name, splits[0], splits[1], tuple(str(each) for each in classes))


def _some(whole: Dataset, name: str, counts: Array) -> Dataset:
    return part(_without_test(whole), name, counts)


VALIDATION_SETS: dict[str, Callable[[], Dataset]] = {
    "digits": lambda: _quarter_held_out(load_digits()),
    "mnist-200": lambda: _some(load_mnist(), "mnist-200", equal(200)),
    "fashion-1000": lambda: _some(fashion(), "fashion-1000", equal(1000)),
    "letters-26": lambda: letters(26, 1040, 1040, (FONTS[::2], FONTS[1::2]), seed=1),
    "textures": lambda: patches("textures", _upper(_pictures(GREY)), GREY, 32, 80, 1),
    "signs": lambda: objects("signs", SHAPES, 32, 400, flat=True, num_test=1000, seed=1),
    "photos": lambda: photos(32, 64, without_test=True),
    "mnist-noisy": lambda: with_noise(_some(load_mnist(), "mnist", equal(1000)), 0.2),
    "mnist-uneven": lambda: _some(load_mnist(), "mnist-uneven", UNEVEN // 4),
    "letters-62": lambda: letters(62, 1860, 1240, (FONTS[::2], FONTS[1::2]), seed=1),
    "mnist-50": lambda: _some(load_mnist(), "mnist-50", equal(50)),
    "mnist-1000": lambda: _some(load_mnist(), "mnist-1000", equal(1000)),
    "objects": lambda: objects("objects", SHAPES[:5], 48, 600, flat=False, num_test=1000, seed=1),
    "fashion-4000": lambda: _some(fashion(), "fashion-4000", equal(4000)),
    "mnist-4000": lambda: _some(load_mnist(), "mnist-4000", equal(4000)),
    "fashion-12000": lambda: _some(fashion(), "fashion-12000", equal(12_000)),
    "fashion-30000": lambda: _some(fashion(), "fashion-30000", equal(30_000)),
}  # fmt: skip
"""Smaller sets whose "test" images are for validation: none is, shares a pixel with, or is in a font of, a test image above."""
