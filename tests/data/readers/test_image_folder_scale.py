"""Pixel values on another scale in image files: the same decision as for arrays, one for all files, and the same in `predict`."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import convscope
from convscope.cli.main import main
from convscope.data.checks import check_dataset
from convscope.data.images.decode import decode_image
from convscope.data.load import load_dataset
from convscope.data.read_options import PixelForm, ReadOptions
from convscope.data.readers.pixel_scale import GivenRange
from convscope.errors import DatasetError, PictureError

LEVELS = np.random.default_rng(0).integers(0, 256, (60, 8, 8), dtype=np.uint8)
LEVELS[:, 0, 0], LEVELS[:, 7, 7] = 0, 255

SCALES: dict[str, tuple[np.ndarray, str]] = {
    "0..16": (np.round(LEVELS / 255 * 16).astype(np.uint8), "png"),
    "0..16 in 16 bits": (np.round(LEVELS / 255 * 16).astype(np.uint16), "png"),
    "0..1": (LEVELS >> 7, "png"),
    "4 bits": (LEVELS >> 4, "bmp"),
    "5 bits in colour": (np.repeat((LEVELS >> 3)[..., None], 3, axis=3), "png"),
    "12 bits": ((LEVELS.astype(np.uint32) * 4095 // 255).astype(np.uint16), "png"),
    "12 bits, shifted": (LEVELS.astype(np.uint16) << 4, "tif"),
    "14 bits": ((LEVELS.astype(np.uint32) * 16383 // 255).astype(np.uint16), "tif"),
    "8 bits in 16": (LEVELS.astype(np.uint16), "png"),
    "16 bits": (LEVELS.astype(np.uint16) * 257, "png"),
    "floats to 255": (LEVELS.astype(np.float32), "tif"),
    "-1..1": ((LEVELS / 127.5 - 1).astype(np.float32), "tif"),
    "divided by 255 twice": ((LEVELS / 255 / 255).astype(np.float32), "tif"),
    "shares": ((LEVELS / 255).astype(np.float32), "tif"),
    "ordinary": (LEVELS, "png"),
}


def save(folder: Path, values: np.ndarray, suffix: str = "png", split: int = 40) -> Path:
    for row, each in enumerate(values):
        file = folder / ("train" if row < split else "test") / "ab"[row % 2] / f"{row:03}.{suffix}"
        file.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(each).save(file)
    return folder


def rows(values: np.ndarray) -> np.ndarray:
    """The order of the reader: class by class."""
    return np.concatenate([values[0::2], values[1::2]])


@pytest.mark.slow
@pytest.mark.parametrize("name", SCALES)
def test_image_files_are_stretched_as_arrays_are(name: str, tmp_path: Path) -> None:
    values, suffix = SCALES[name]
    found = load_dataset(save(tmp_path / "files", values, suffix))
    np.savez(tmp_path / "it.npz", x_train=rows(values[:40]), y_train=np.repeat([0, 1], 20), x_test=rows(values[40:]),
             y_test=np.repeat([0, 1], 10))  # fmt: skip
    expected = load_dataset(tmp_path / "it.npz")
    for split in ("train", "test"):
        assert np.array_equal(getattr(found, split).images, getattr(expected, split).images[..., : found.image_shape[2]])
    assert found.provenance.pixels.range == expected.provenance.pixels.range
    assert set(expected.provenance.notes) <= set(found.provenance.notes)
    again = load_dataset(tmp_path / "files")  # from the cache
    assert again.fingerprint == found.fingerprint
    assert np.array_equal(again.train.images, found.train.images)


@pytest.mark.slow
@pytest.mark.parametrize("name", SCALES)
def test_a_darker_file_for_such_a_network_is_on_its_scale(name: str, tmp_path: Path) -> None:
    values, suffix = SCALES[name]
    dataset = load_dataset(save(tmp_path / "files", values, suffix))
    dark = values[:1] if "-1" in name else values[:1] // 2 if values.dtype.kind == "u" else values[:1] * np.float32(0.6)
    files = load_dataset(save(tmp_path / "dark", np.repeat(dark, 8, axis=0), suffix, split=4),
                         ReadOptions(trained_on=dataset.provenance.pixels))  # fmt: skip
    content = (tmp_path / "dark" / "train" / "a" / f"000.{suffix}").read_bytes()
    if name not in ("8 bits in 16", "floats to 255", "0..1"):
        one = decode_image(content, "it", GivenRange(dataset.provenance.pixels.range, is_certain=False)).pixels
        assert np.array_equal(files.train.images[0], one[..., :1])
        assert one.max() >= 90


@pytest.mark.slow
@pytest.mark.parametrize("name", ["0..16", "12 bits", "14 bits", "5 bits in colour"])
def test_a_network_answers_a_file_as_it_answers_the_images_that_it_was_trained_on(name: str, tmp_path: Path) -> None:
    values, suffix = SCALES[name]
    dataset = load_dataset(save(tmp_path / "files", values, suffix))
    run = convscope.train(dataset, recipe="sprint", epochs=1, out=tmp_path / "run", report=False)
    names = sorted(map(str, (tmp_path / "files").glob(f"test/*/*.{suffix}")))
    for network in (run.folder, run.folder / "model.onnx"):
        found = convscope.predict(network, names)
        assert np.array_equal(found.prepared, dataset.test.images)
    evaluation = convscope.evaluate(run.folder, tmp_path / "files")
    assert np.array_equal(evaluation.predictions, run.evaluation.predictions)
    # A photo of 8 bits for a network of deep files stays what it is.
    Image.fromarray(LEVELS[0]).save(tmp_path / "photo.png")
    photo = convscope.predict(run.folder, tmp_path / "photo.png").prepared[0]
    assert np.array_equal(photo[..., 0], LEVELS[0])
    assert "scaled from 0–" in convscope.predict(run.folder, names[0])[0].preprocessing_steps[0]


@pytest.mark.parametrize(
    ("white", "stretched", "said"),
    [
        (1, True, "converted values 0 and 1"),
        (255, True, "took values of 16 bits up to 255 as grey levels"),
        (1023, True, "stretched values of 10 bits"),
        (4095, True, "stretched values of 12 bits"),
        (16383, True, "stretched values of 14 bits"),
        (65535, True, "reduced values from 16 to 8 bits"),
        (30000, False, "reduced values from 16 to 8 bits"),
        (3000, False, "reduced values from 16 to 8 bits; if 3000, the largest, is white, pass pixel_range=(0, 3000)"),
    ],
)  # fmt: skip
def test_the_white_of_a_picture_of_16_bits_is_where_its_values_end(
    white: int, stretched: bool, said: str, tmp_path: Path
) -> None:
    values = np.round(LEVELS[0] / 255 * white).astype(np.uint16)
    expected = np.floor(values / (white if stretched else 65535) * 255 + 0.5)
    for suffix in ("png", "tif"):
        Image.fromarray(values).save(tmp_path / f"it.{suffix}")
        decoded = decode_image((tmp_path / f"it.{suffix}").read_bytes(), "it")
        assert np.array_equal(decoded.pixels[..., 0], expected)
        assert decoded.steps[0].startswith(said)
        trained_on_shares = decode_image(
            (tmp_path / f"it.{suffix}").read_bytes(), "it", GivenRange((0, 1), is_certain=False)
        )
        assert np.array_equal(trained_on_shares.pixels, decoded.pixels)


def test_the_range_asked_for_holds_for_image_files(digits_run: convscope.Run, tmp_path: Path) -> None:
    values = np.round(LEVELS / 255 * 100).astype(np.uint8)
    dataset = load_dataset(save(tmp_path / "files", values), ReadOptions(pixel_range=(0, 100)))
    assert dataset.train.images.max() == 255
    assert dataset.provenance.pixels == PixelForm((0, 100))
    assert dataset.provenance.reading.as_arguments() == ["--pixel-range", "0..100"]
    with pytest.raises(DatasetError, match=r"have values from 0 to 100, outside pixel_range=\(0, 50\)"):
        load_dataset(tmp_path / "files", ReadOptions(pixel_range=(0, 50)))
    file = str(tmp_path / "files" / "test" / "a" / "040.png")
    found = convscope.predict(digits_run, file, pixel_range=(0, 100), single=True)
    assert found[0].preprocessing_steps[0] == "scaled from 0–100 to 0–255"
    assert main(["predict", str(digits_run.folder), file, "--pixel-range", "0..100"]) in (0, 1)
    with pytest.raises(PictureError, match=r"has values from 0 to 100, outside pixel_range=\(0, 50\)"):
        convscope.predict(digits_run, file, pixel_range=(0, 50))


def test_a_scale_that_is_not_certain_is_asked_about(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"on no certain scale.*got 0 to 3060.*pixel_range=\(0, 4095\)"):
        load_dataset(save(tmp_path / "uncertain", LEVELS.astype(np.uint16) * 12))
    odd = check_dataset(load_dataset(save(tmp_path / "dark", LEVELS >> 2)))
    assert any("--pixel-range 0..63" in problem for problem in odd.problems)
    save(tmp_path / "apart", SCALES["12 bits"][0][:40])
    with pytest.raises(DatasetError, match="Scale both alike"):
        load_dataset(save(tmp_path / "apart", SCALES["16 bits"][0][:60], split=0).parent / "apart")


def test_files_of_different_depths_are_each_what_their_format_says_or_refused(tmp_path: Path) -> None:
    save(tmp_path / "mixed", LEVELS)
    Image.fromarray(LEVELS[0].astype(np.uint16) * 257).save(tmp_path / "mixed" / "train" / "a" / "deep.png")
    Image.fromarray(LEVELS[1].astype(np.uint16) * 16).save(tmp_path / "mixed" / "train" / "a" / "deeper.png")  # a dark one
    dataset = load_dataset(tmp_path / "mixed")
    assert dataset.provenance.pixels == PixelForm()
    assert np.array_equal(dataset.train.images[20, ..., 0], LEVELS[0])
    assert dataset.train.images[21].max() == 16
    save(tmp_path / "apart", LEVELS)
    for row, values in enumerate(SCALES["12 bits"][0][:30]):
        Image.fromarray(values).save(tmp_path / "apart" / "train" / "a" / f"deep{row}.png")
    with pytest.raises(DatasetError, match=r"of different depths, and those of 16 bits have values up to 4095 only"):
        load_dataset(tmp_path / "apart")
    with_range = load_dataset(tmp_path / "apart", ReadOptions(pixel_range=(0, 4095)))
    assert with_range.provenance.pixels.range == (0, 4095)


def test_ink_on_transparency_and_opaque_colours(tmp_path: Path) -> None:
    dark = np.round(LEVELS / 255 * 16).astype(np.uint8)
    opaque = np.dstack([*[dark[0]] * 3, np.full((8, 8), 255, np.uint8)])
    through = np.dstack([*[dark[0]] * 3, LEVELS[0]])
    given = GivenRange((0, 16), is_certain=False)
    for values, expected in ((opaque, given.to_levels(dark[0], "it")), (through, None)):
        Image.fromarray(values).save(tmp_path / "it.png")
        pixels = decode_image((tmp_path / "it.png").read_bytes(), "it", given).pixels
        unchanged = decode_image((tmp_path / "it.png").read_bytes(), "it").pixels
        assert np.array_equal(pixels[..., 0], unchanged[..., 0] if expected is None else expected)
