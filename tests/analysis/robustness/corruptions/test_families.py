"""Each corruption against its definition: SciPy, loops, other implementations and counts."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from matplotlib.colors import hsv_to_rgb, rgb_to_hsv
from scipy import ndimage, signal, stats

from convscope.analysis.robustness.background import Background
from convscope.analysis.robustness.corruptions.filters import _motion_kernels, blurred, outlines
from convscope.analysis.robustness.corruptions.geometric import read_between
from convscope.analysis.robustness.corruptions.intensity import _fog_field
from convscope.analysis.robustness.corruptions.kinds import KINDS, corrupt
from convscope.analysis.robustness.corruptions.overlays import _deviation_after_blur
from convscope.analysis.robustness.corruptions.random_numbers import CounterRNG
from convscope.data.dataset import Dataset
from convscope.types import Images

BLACK, PHOTO = Background((0,)), Background(None)


@pytest.fixture(scope="module")
def images(mnist: Dataset) -> Images:
    return mnist.test.images[:60]


@pytest.mark.parametrize(("background", "mode"), [(BLACK, "grid-constant"), (PHOTO, "nearest")])
def test_interpolation_agrees_with_scipy(background: Background, mode: str) -> None:
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


def test_shot_noise_is_poisson(images: Images) -> None:
    grey = np.full((40, 28, 28, 1), 128, np.uint8)
    counts = np.rint(corrupt(grey, "shot_noise", 1, background=PHOTO) / 255 * 12)
    rate = 12 * 128 / 255
    observed = np.bincount(counts.astype(int).ravel(), minlength=13)[:12]
    expected = stats.poisson.pmf(np.arange(12), rate) * counts.size
    # Twelve or more photons are white.
    last = counts.size - observed.sum(), counts.size - expected.sum()
    statistic = ((np.append(observed, last[0]) - np.append(expected, last[1])) ** 2 / np.append(expected, last[1])).sum()
    assert stats.chi2.sf(statistic, 12) > 1e-4
    assert not corrupt(np.zeros_like(images), "shot_noise", 5, background=BLACK).any()


def test_impulse_noise_replaces_the_share_of_pixels() -> None:
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


def test_a_motion_kernel_is_half_a_gaussian_along_its_line() -> None:
    kernel = _motion_kernels(np.array([0.0, np.pi / 4]), 2.0, 6, (20, 20))
    weights = np.exp(-(np.arange(7) ** 2) / 8)
    np.testing.assert_allclose(kernel[0, 0, :7], weights / weights.sum(), rtol=1e-5)
    assert kernel[0, 1:].sum() == pytest.approx(0)
    np.testing.assert_allclose(kernel.sum(axis=(1, 2)), 1, rtol=1e-5)
    np.testing.assert_allclose(kernel[1], kernel[1].T, atol=1e-6)


def test_motion_blur_is_the_mean_along_the_line_by_a_loop(images: Images) -> None:
    angle = (2 * CounterRNG("motion_blur/3", np.arange(1), seed=0).uniform()[0] - 1) * np.pi / 4
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


def test_stripes_invert_the_outer_quarters(images: Images) -> None:
    expected = images.copy()
    expected[:, :, :7] = 255 - expected[:, :, :7]
    expected[:, :, 21:] = 255 - expected[:, :, 21:]
    np.testing.assert_array_equal(corrupt(images, "stripe", 3, background=BLACK), expected)


def test_fog_adds_part_of_the_field_and_rescales_by_a_loop(images: Images) -> None:
    corners = (CounterRNG("fog/4", np.arange(3), seed=0).uniform(2) * 256).astype(int)
    field, thickness = _fog_field(256), KINDS["fog"].strengths[3]
    found = corrupt(images[:3], "fog", 4, background=BLACK)
    for image, result, (top, left) in zip(images[:3, ..., 0] / 255, found[..., 0], corners, strict=True):
        lightest = image.max()
        for row, column in np.ndindex(28, 28):
            misty = image[row, column] + thickness * field[(top + row) % 256, (left + column) % 256]
            assert result[row, column] == pytest.approx(255 * misty * lightest / (lightest + thickness), abs=0.51)


def test_the_fog_field_decays_over_octaves_like_the_plasma_of_mnist_c() -> None:
    """There each halving of the step divides the amplitude by 1.4 twice: its deviation is 1.96 times smaller."""
    field = _fog_field(1024).astype(float)
    assert (field.min(), field.max()) == (0, 1)
    power = np.abs(np.fft.fft2(field - field.mean())) ** 2
    frequency = np.hypot(*np.meshgrid(*[np.fft.fftfreq(1024) * 1024] * 2))
    deviation = [np.sqrt(power[(frequency >= low) & (frequency < 2 * low)].sum()) for low in (16, 32, 64, 128, 256)]
    for larger, smaller in pairwise(deviation):
        assert larger / smaller == pytest.approx(1.4**2, rel=0.05)
    np.testing.assert_allclose(
        np.abs(field[0] - field[-1]).mean(), np.abs(np.diff(field, axis=0)).mean(), rtol=0.2
    )  # no seam


@pytest.mark.parametrize(("background", "mode"), [(BLACK, "constant"), (PHOTO, "nearest")])
@pytest.mark.parametrize("strength", [2, 5])
def test_glass_blurs_moves_half_of_the_pixels_and_blurs_by_a_loop(
    strength: int, background: Background, mode: str, images: Images
) -> None:
    sigma, reach, times = KINDS["glass_blur"].strengths[strength - 1]
    draws = CounterRNG(f"glass_blur/{strength}", np.arange(3), seed=0)

    def smooth(image: np.ndarray) -> np.ndarray:  # type: ignore[type-arg]
        return np.asarray(ndimage.gaussian_filter(image, sigma, mode=mode, truncate=3))

    current = [smooth(image) for image in images[:3, ..., 0] / 255]
    for _ in range(times):
        chance, down, across = (draws.uniform(28, 28) for _ in range(3))
        before, current = current, [image.copy() for image in current]
        for n, row, column in np.ndindex(3, 28, 28):
            if chance[n, row, column] < 0.5:
                # Each of the 2·reach + 1 steps from −reach to reach is equally probable.
                steps = [int(np.searchsorted(np.arange(1, 2 * reach + 1) / (2 * reach + 1), each[n, row, column], "right")) - reach
                         for each in (down, across)]  # fmt: skip
                from_row, from_column = (
                    min(max(place + step, 0), 27) for place, step in zip((row, column), steps, strict=True)
                )
                current[n][row, column] = before[n][from_row, from_column]
    found = corrupt(images[:3], "glass_blur", strength, background=background)[..., 0] / 255
    np.testing.assert_allclose(found, [smooth(image) for image in current], atol=0.51 / 255)


@pytest.mark.parametrize("strength", [1, 3, 5])
def test_drops_are_grey_where_smooth_noise_is_high(strength: int, images: Images) -> None:
    size, softness, level = KINDS["spatter"].strengths[strength - 1]
    noise = stats.norm.ppf(CounterRNG(f"spatter/{strength}", np.arange(10), seed=0).uniform(28, 28))
    point = np.zeros((41, 41))
    point[20, 20] = 1
    deviation = np.sqrt((ndimage.gaussian_filter(point, size, truncate=3) ** 2).sum())
    found = corrupt(images[:10], "spatter", strength, background=BLACK)[..., 0] / 255
    for image, field, result in zip(images[:10, ..., 0] / 255, noise, found, strict=True):
        drops = (ndimage.gaussian_filter(field, size, mode="nearest", truncate=3) > level * deviation).astype(float)
        wet = ndimage.gaussian_filter(drops, softness, mode="nearest", truncate=3)
        wet[wet < 0.8] = 0
        np.testing.assert_allclose(result, image * (1 - wet) + 63 / 255 * wet, atol=0.51 / 255)


def test_the_share_under_drops_follows_the_normal_distribution() -> None:
    """Before softening, drops are where smooth noise exceeds the threshold."""
    noise = np.concatenate([blurred(CounterRNG(f"{part}", np.arange(60), seed=0).normal(28, 28)[..., None], 1.0, PHOTO)
                            for part in range(4)])[:, 4:-4, 4:-4]  # fmt: skip
    for level in (1.2, 0.0, -0.8):
        assert (noise > level * _deviation_after_blur(1.0)).mean() == pytest.approx(stats.norm.sf(level), abs=0.01)


def inked(middle: np.ndarray, columns: np.ndarray, image: np.ndarray) -> np.ndarray:  # type: ignore[type-arg]
    """Draw a white line over ``image`` by a loop: opaque at its centre, faded 1.6 pixels away, maximum of two lines."""
    result = image.copy()
    for row, column in np.ndindex(28, 28):
        if columns[column]:
            ink = max(0.0, *(1 - abs(row - line[column]) / 1.6 for line in middle))
            result[row, column] = image[row, column] + ink * (1 - image[row, column])
    return result


@pytest.mark.parametrize("strength", [3, 5])
def test_dotted_lines_run_from_edge_to_edge_in_dashes_of_two_pixels_by_a_loop(strength: int, images: Images) -> None:
    draws, number = (
        CounterRNG(f"dotted_line/{strength}", np.arange(3), seed=0),
        KINDS["dotted_line"].strengths[strength - 1][0],
    )
    ends = [draws.uniform(2) * 27 for _ in range(number)]
    found = corrupt(images[:3], "dotted_line", strength, background=BLACK)[..., 0] / 255
    for n in range(3):
        middle = np.array([np.linspace(*each[n], 28) for each in ends])
        wanted = inked(middle, np.tile([False, False, True, True], 7), images[n, ..., 0] / 255)
        np.testing.assert_allclose(found[n], wanted, atol=0.51 / 255)


@pytest.mark.parametrize("strength", [3, 5])
def test_zigzags_are_triangle_waves_on_a_slope_with_margins_by_a_loop(strength: int, images: Images) -> None:
    draws, number = CounterRNG(f"zigzag/{strength}", np.arange(3), seed=0), KINDS["zigzag"].strengths[strength - 1][0]
    lines = [(draws.uniform(1) * 27, (2 * draws.uniform(1) - 1) * 5) for _ in range(number)]
    found, columns = corrupt(images[:3], "zigzag", strength, background=BLACK)[..., 0] / 255, np.arange(28)
    teeth = 2 * signal.sawtooth(2 * np.pi * (columns - 2) / 8 + np.pi / 2, 0.5)
    for n in range(3):
        middle = np.array([start[n] + rise[n] * (columns - 2) / 23 + teeth for start, rise in lines])
        wanted = inked(middle, (columns >= 2) & (columns <= 25), images[n, ..., 0] / 255)
        np.testing.assert_allclose(found[n], wanted, atol=0.51 / 255)


@pytest.mark.parametrize("kind", ["dotted_line", "zigzag"])
def test_a_weaker_line_is_more_transparent(kind: str) -> None:
    nothing = np.zeros((20, 28, 28, 1), np.uint8)
    for strength, share in ((1, 0.35), (2, 0.65), (3, 1.0)):
        assert corrupt(nothing, kind, strength, background=BLACK).max() == pytest.approx(share * 255, rel=0.02)


def test_the_edge_of_a_disc_is_one_closed_thin_ring() -> None:
    rows, columns = np.mgrid[:40, :40]
    distance = np.hypot(rows - 19.5, columns - 19.5)
    disc = (distance < 11).astype(np.float32)[None, ..., None]
    ring = outlines(np.concatenate([disc, 0 * disc]), 1.0, BLACK)
    assert not ring[1].any()
    assert (np.abs(distance[ring[0]] - 11) < 1.2).all()
    inside, number = ndimage.label(~ring[0])  # 4-connected, since an 8-connected ring separates them
    assert number == 2
    assert inside[20, 20] != inside[0, 0]
    assert 0.8 * 2 * np.pi * 11 < ring[0].sum() < 1.5 * 2 * np.pi * 11
