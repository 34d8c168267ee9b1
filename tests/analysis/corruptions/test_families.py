"""Each kind against its definition: SciPy, loops, colour spaces of others, and counts."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.colors import hsv_to_rgb, rgb_to_hsv
from scipy import ndimage, stats

from convscope.analysis.corruptions.blur import _smears
from convscope.analysis.corruptions.draws import Draws
from convscope.analysis.corruptions.edges import outlines
from convscope.analysis.corruptions.kinds import KINDS, corrupt
from convscope.analysis.corruptions.sampling import read_between
from convscope.data.background import Background
from convscope.data.dataset import Dataset
from convscope.types import Images

BLACK, PHOTO = Background((0,)), Background(None)


@pytest.fixture(scope="module")
def images(mnist: Dataset) -> Images:
    return mnist.test.images[:60]


@pytest.mark.parametrize(("background", "mode"), [(BLACK, "grid-constant"), (PHOTO, "nearest")])
def test_reading_between_pixels_agrees_with_scipy(background: Background, mode: str) -> None:
    generator = np.random.default_rng(0)
    images = generator.random((2, 7, 9, 2)).astype(np.float32)
    background = background if background.level is None else Background((0, 0))
    rows, columns = generator.uniform(-4, 11, (2, 2, 30, 1))
    found = read_between(images, rows, columns, background)
    for image in range(2):
        for channel in range(2):
            expected = ndimage.map_coordinates(
                images[image, ..., channel], [rows[image], columns[image]], order=1, mode=mode
            )
            np.testing.assert_allclose(found[image, ..., channel], expected, atol=1e-5)


def test_light_particles_are_poisson(images: Images) -> None:
    grey = np.full((40, 28, 28, 1), 128, np.uint8)
    counts = np.rint(corrupt(grey, "shot_noise", 1, background=PHOTO) / 255 * 12)
    rate = 12 * 128 / 255
    observed = np.bincount(counts.astype(int).ravel(), minlength=13)[:12]
    expected = stats.poisson.pmf(np.arange(12), rate) * counts.size
    # Twelve and more particles are white alike.
    last = counts.size - observed.sum(), counts.size - expected.sum()
    statistic = ((np.append(observed, last[0]) - np.append(expected, last[1])) ** 2 / np.append(expected, last[1])).sum()
    assert stats.chi2.sf(statistic, 12) > 1e-4
    assert not corrupt(np.zeros_like(images), "shot_noise", 5, background=BLACK).any()


def test_so_many_pixels_are_lost_as_the_strength_says() -> None:
    grey = np.full((50, 28, 28, 3), 100, np.uint8)
    changed = corrupt(grey, "impulse_noise", 3, background=PHOTO)
    assert set(np.unique(changed)) == {0, 100, 255}
    for level in (0, 255):
        lost = (changed == level).all(axis=-1)
        assert stats.binomtest(int(lost.sum()), lost.size, 0.17 / 2).pvalue > 1e-4


def test_translating_moves_by_whole_pixels_of_28(images: Images) -> None:
    changed = corrupt(images, "translate", 3, background=BLACK)
    padded = np.pad(images, ((0, 0), (3, 3), (3, 3), (0, 0)))
    corners = [(row, column) for row in (0, 6) for column in (0, 6)]
    found = [next(c for c in corners if np.array_equal(padded[i, c[0] : c[0] + 28, c[1] : c[1] + 28], changed[i]))
             for i in range(len(images))]  # fmt: skip
    assert set(found) == set(corners)


@pytest.mark.parametrize("kind", ["shear", "rotate", "scale"])
def test_affine_maps_agree_with_scipy(kind: str, images: Images) -> None:
    value = KINDS[kind].strengths[2]
    matrices = {
        "shear": [np.array([[1, 0], [sign * value, 1]]) for sign in (-1, 1)],
        "rotate": [ndimage_rotation(sign * value) for sign in (-1, 1)],
        "scale": [np.eye(2) / value],
    }[kind]
    changed = corrupt(images, kind, 3, background=BLACK)
    used = set()
    for image, result in zip(images[..., 0] / 255, changed[..., 0] / 255, strict=True):
        middle = np.array([13.5, 13.5])
        expected = [ndimage.affine_transform(image, matrix, middle - matrix @ middle, order=1, mode="grid-constant")
                    for matrix in matrices]  # fmt: skip
        errors = [np.abs(each - result).max() for each in expected]
        assert min(errors) <= 0.5 / 255 + 1e-4
        used.add(int(np.argmin(errors)))
    assert len(used) == len(matrices)


def ndimage_rotation(angle: float) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    return np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])


def test_a_smear_is_half_a_gaussian_along_its_line() -> None:
    kernel = _smears(np.array([0.0, np.pi / 4]), 2.0, 6, (20, 20))
    weights = np.exp(-(np.arange(7) ** 2) / 8)
    np.testing.assert_allclose(kernel[0, 0, :7], weights / weights.sum(), rtol=1e-5)
    assert kernel[0, 1:].sum() == pytest.approx(0)
    np.testing.assert_allclose(kernel.sum(axis=(1, 2)), 1, rtol=1e-5)
    np.testing.assert_allclose(kernel[1], kernel[1].T, atol=1e-6)


def test_motion_blur_is_the_mean_along_the_line_by_a_loop(images: Images) -> None:
    angle = (2 * Draws("motion_blur/3", np.arange(1), seed=0).uniform()[0] - 1) * np.pi / 4
    image, expected, total = images[0, ..., 0] / 255, np.zeros((28, 28)), 0.0
    for step in range(10):
        weight = np.exp(-(step**2) / 18)
        moved = ndimage.shift(image, (step * np.sin(angle), step * np.cos(angle)), order=1, mode="grid-constant")
        expected, total = expected + weight * moved, total + weight
    found = corrupt(images[:1], "motion_blur", 3, background=BLACK)[0, ..., 0] / 255
    np.testing.assert_allclose(found, expected / total, atol=0.5 / 255 + 1e-4)


def test_brightness_adds_to_grey_and_keeps_hue_and_saturation_of_colours(images: Images) -> None:
    grey = corrupt(images, "brightness", 3, background=BLACK)
    np.testing.assert_allclose(grey, np.minimum(images + 127.5, 255), atol=0.51)
    colours = np.random.default_rng(0).integers(1, 256, (3, 6, 6, 3), dtype=np.uint8)
    hsv = rgb_to_hsv(colours / 255)
    hsv[..., 2] = np.minimum(hsv[..., 2] + 0.5, 1)
    np.testing.assert_allclose(corrupt(colours, "brightness", 3, background=PHOTO), hsv_to_rgb(hsv) * 255, atol=0.51)


def test_stripes_are_the_outer_quarters_in_negative(images: Images) -> None:
    expected = images.copy()
    expected[:, :, :7] = 255 - expected[:, :, :7]
    expected[:, :, 21:] = 255 - expected[:, :, 21:]
    np.testing.assert_array_equal(corrupt(images, "stripe", 3, background=BLACK), expected)


def test_in_fog_nothing_gets_lighter_than_the_lightest_was_and_contrast_goes(images: Images) -> None:
    misty = corrupt(images, "fog", 3, background=BLACK).astype(float)
    assert (misty.max(axis=(1, 2, 3)) <= images.max(axis=(1, 2, 3)).astype(float) + 1).all()
    strokes = images > 200
    gain = [misty[i][strokes[i]].mean() - misty[i][images[i] == 0].mean() for i in range(len(images))]
    assert np.mean(gain) == pytest.approx(255 / 4, rel=0.2)  # white over 1 + 3 times white


def test_drops_are_mud_and_cover_half_of_the_image_less_their_edges(images: Images) -> None:
    white = np.full((80, 28, 28, 1), 255, np.uint8)
    wet = [(corrupt(white, "spatter", strength, background=PHOTO) < 255).mean() for strength in (1, 3, 5)]
    assert wet[0] < 0.03 < wet[1] < 0.35 < wet[2] < 0.7
    covered = corrupt(white, "spatter", 5, background=PHOTO)
    assert covered.min() >= 63


@pytest.mark.parametrize("kind", ["dotted_line", "zigzag"])
def test_lines_leave_gaps_and_margins_alone_and_only_add_ink(kind: str, images: Images) -> None:
    changed = corrupt(images, kind, 3, background=BLACK).astype(int)
    assert (changed >= images).all()
    touched = (changed != images).any(axis=(0, 1, 3))
    columns = np.arange(28)
    allowed = columns // 2 % 2 == 1 if kind == "dotted_line" else (columns >= 2) & (columns <= 25)
    assert not touched[~allowed].any()
    assert touched[allowed].mean() > 0.9


def test_the_outline_of_a_disc_is_one_closed_thin_ring() -> None:
    rows, columns = np.mgrid[:40, :40]
    distance = np.hypot(rows - 19.5, columns - 19.5)
    disc = (distance < 11).astype(np.float32)[None, ..., None]
    ring = outlines(np.concatenate([disc, 0 * disc]), 1.0, BLACK)
    assert not ring[1].any()
    assert (np.abs(distance[ring[0]] - 11) < 1.2).all()
    inside, number = ndimage.label(~ring[0])  # with sides only: a ring that corners close keeps them apart
    assert number == 2
    assert inside[20, 20] != inside[0, 0]
    assert 0.8 * 2 * np.pi * 11 < ring[0].sum() < 1.5 * 2 * np.pi * 11
