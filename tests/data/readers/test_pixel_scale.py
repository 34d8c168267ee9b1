from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from convscope.cli.main import main
from convscope.data.dataset import Dataset
from convscope.data.load import load_dataset
from convscope.data.read_options import PixelForm, ReadOptions, parse_pixel_range
from convscope.data.readers.pixel_values import to_uint8_images
from convscope.data.readers.unlabelled_table import read_unlabelled_table
from convscope.errors import ConfigError, DatasetError

LEVELS = np.random.default_rng(0).integers(0, 256, (40, 8, 8), dtype=np.uint8)
LEVELS[:, 0, 0], LEVELS[:, 7, 7] = 0, 255
SIXTEENTHS = np.round(LEVELS / 255 * 16)

CERTAIN: dict[str, np.ndarray] = {
    "0..16 as bytes": SIXTEENTHS.astype(np.uint8),
    "0..16 as floats": SIXTEENTHS,
    "0..16 as int64": SIXTEENTHS.astype(np.int64),
    "0..16 divided by 255": SIXTEENTHS / 255,
    "4 bits": LEVELS >> 4,
    "5 bits": LEVELS >> 3,
    "divided by 255 twice": LEVELS / 255 / 255,
    "divided by 255 twice, float32": (LEVELS / np.float32(255) / np.float32(255)).astype(np.float32),
    "12 bits": (LEVELS.astype(np.uint32) * 4095 // 255).astype(np.uint16),
    "12 bits, shifted": LEVELS.astype(np.uint16) << 4,
    "14 bits": (LEVELS.astype(np.uint32) * 16383 // 255).astype(np.uint16),
    "14 bits as int32": (LEVELS.astype(np.int32) << 6),
    "10 bits": (LEVELS.astype(np.uint32) * 1023 // 255).astype(np.uint16),
    "12 bits as floats": np.round(LEVELS / 255 * 4095),
    "16 bits": LEVELS.astype(np.uint16) * 257,
    "0..1": LEVELS / 255,
}


@pytest.mark.parametrize("name", CERTAIN)
def test_certain_scales_fill_the_range_of_grey_levels(name: str) -> None:
    values = CERTAIN[name]
    (train, test), notes, scale = to_uint8_images([values[:30], values[30:]], "it")
    assert train.min() == 0
    assert train.max() >= 254  # 8 bits that were shifted up leave the last ones empty
    coarse = 255 / 15 if "0..16" in name or values.max() < 32 else 2
    assert np.abs(np.concatenate([train, test])[..., 0].astype(int) - LEVELS).max() <= coarse
    assert len(notes) == 1
    if name not in ("0..1", "16 bits"):
        assert notes[0].startswith("stretched values")
        darker = values[:3] * 0.9 if values.dtype.kind == "f" else values[:3] // 2
        (alone,), _, _ = to_uint8_images([darker], "it", None, scale.range)
        assert alone.max() >= 100


UNCERTAIN = {
    "11 levels too few for 12 bits": (LEVELS.astype(np.uint16) * 12, "got 0 to 3060", "0..4095"),
    "floats to 20": (LEVELS / 255 * 20, "got 0 to 20", "0..20"),
    "fractions to 100": (np.round(LEVELS / 2.55, 2), "got 0 to 100", "0..100"),
    "fractions to 64": (LEVELS / 4, "got 0 to 63.75", "0..63.75"),
    "fractions to 127.5": (np.float32(LEVELS / 2), "got 0 to 127.5", "0..127.5"),
    "standardised": ((LEVELS - 33.3) / 78.6, "got -0.4", "-0.4"),
    "more than 16 bits": (LEVELS.astype(np.int64) * 1000, "got 0 to 255000", "0..262143"),
    "bytes with a sign": (LEVELS.astype(np.int16) - 128, "got -128 to 127", "-128..127"),
}


@pytest.mark.parametrize("name", UNCERTAIN)
def test_other_scales_are_asked_about_and_the_answer_is_taken(name: str) -> None:
    values, found, offered = UNCERTAIN[name]
    with pytest.raises(DatasetError) as error:
        to_uint8_images([values], "it")
    assert found in str(error.value)
    assert f"pixel_range=({offered.replace('..', ', ')}" in str(error.value)
    with pytest.raises(
        DatasetError, match="no certain scale"
    ):  # nor are they known from bytes that a network was trained on
        to_uint8_images([values], "it", None, (0, 255))
    (images,), notes, _ = to_uint8_images([values], "it", (float(values.min()), float(values.max())))
    assert (images.min(), images.max()) == (0, 255)
    assert "as requested" in notes[0]
    with pytest.raises(DatasetError, match=r"outside pixel_range=\(0, 1\)"):
        to_uint8_images([values], "it", (0, 1))


@pytest.mark.parametrize("count", [3, len(LEVELS)])
@pytest.mark.parametrize("divisor", [255**3, 1e12])
def test_floats_that_would_all_be_black_are_on_no_certain_scale(divisor: float, count: int) -> None:
    with pytest.raises(DatasetError, match="no certain scale"):
        to_uint8_images([LEVELS[:count] / divisor], "it")


@pytest.mark.parametrize("dtype", [np.uint8, np.int64, np.float32])
@pytest.mark.parametrize(("white", "told"), [(100, True), (99, False), (101, False), (250, False)])
def test_whole_numbers_to_exactly_100_are_grey_levels_with_a_note(white: int, told: bool, dtype: type) -> None:
    values = np.round(LEVELS / 255 * white).astype(dtype)
    (images,), notes, _ = to_uint8_images([values], "it")
    assert np.array_equal(images[..., 0], values)
    assert any("if 100 is white, pass --pixel-range 0..100" in note for note in notes) == told
    assert to_uint8_images([values], "it", None, (0, 255))[1] == notes
    (images,), _, _ = to_uint8_images([values[:5]], "it", (0, white))
    assert images.max() == 255


def test_fractions_of_grey_levels_are_rounded() -> None:
    for values in (LEVELS * 0.9, LEVELS / 255 * 254.5):
        assert to_uint8_images([values], "it")[1] == ["rounded values to whole numbers from 0 to 255"]


def test_splits_on_other_scales_than_the_training_are_refused() -> None:
    for train, test in (("0..1", "16 bits"), ("16 bits", "0..1"), ("0..16 as bytes", "12 bits"), ("12 bits", "4 bits")):
        with pytest.raises(DatasetError, match="Scale both alike"):
            to_uint8_images([CERTAIN[train], CERTAIN[test]], "it")
    with pytest.raises(DatasetError, match=r"values in 0\.\.255 and test images in 0\.\.16"):
        to_uint8_images([LEVELS, CERTAIN["0..16 as bytes"]], "it")


def test_few_images_say_nothing_about_their_scale() -> None:
    (images,), notes, _ = to_uint8_images([CERTAIN["0..16 as bytes"][:5]], "it")
    assert images.max() == 16
    assert notes == []


@pytest.mark.parametrize(
    ("text", "values"), [("0..4095", (0, 4095)), ("-1.5..2.25", (-1.5, 2.25)), (" 0 .. 1e3 ", (0, 1000))]
)
def test_a_range_is_black_and_white(text: str, values: tuple[float, float]) -> None:
    assert parse_pixel_range(text) == values
    options = ReadOptions(pixel_range=values)
    assert ReadOptions.from_dict(options.as_dict()) == options
    assert parse_pixel_range(options.as_arguments()[1]) == values


@pytest.mark.parametrize("text", ["", "5", "5..", "5..5", "9..1", "a..b", "0..nan", "0..inf", "1-2"])
def test_what_is_no_range_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="pixel.range must be the values of black and white, such as"):
        parse_pixel_range(text)


def save(form: str, folder: Path, values: np.ndarray, labels: np.ndarray) -> Path:
    """Save images and labels in one of the forms that arrays and tables have."""
    path = folder / f"own.{form}"
    if form == "npz":
        np.savez(path, x=values, y=labels)
    elif form == "csv":
        np.savetxt(path, np.column_stack([labels, values.reshape(len(values), -1)]), fmt="%.17g", delimiter=",")
    else:
        path = folder / "idx"
        path.mkdir()
        kind = {1: 8, 2: 11, 4: 12, 8: 14}[values.dtype.itemsize]
        raw = values.astype({8: ">u1", 11: ">i2", 12: ">i4", 14: ">f8"}[kind])
        sizes = b"".join(size.to_bytes(4, "big") for size in values.shape)
        (path / "train-images-idx3-ubyte").write_bytes(bytes([0, 0, kind, 3]) + sizes + raw.tobytes())
        (path / "train-labels-idx1-ubyte").write_bytes(
            bytes([0, 0, 8, 1]) + len(labels).to_bytes(4, "big") + labels.astype(np.uint8).tobytes()
        )
    return path


@pytest.mark.parametrize("form", ["npz", "csv", "idx"])
@pytest.mark.parametrize("name", ["0..16 as bytes", "12 bits", "14 bits", "divided by 255 twice"])
def test_every_reader_stretches_alike(form: str, name: str, tmp_path: Path) -> None:
    values, labels = CERTAIN[name], np.arange(40) % 2
    dataset = load_dataset(save(form, tmp_path, values, labels))
    expected = to_uint8_images([values], "it")[0][0]
    assert sorted(image.tobytes() for split in (dataset.train, dataset.test) for image in split.images) == sorted(
        image.tobytes() for image in expected
    )
    assert dataset.provenance.pixels.range[1] == pytest.approx(values.max(), rel=1e-6)


def test_a_table_is_read_as_the_training_data_were(tmp_path: Path) -> None:
    path = tmp_path / "few.csv"
    np.savetxt(path, CERTAIN["0..16 as bytes"][:4].reshape(4, -1) // 2 + 2, fmt="%d", delimiter=",")
    assert read_unlabelled_table(path).images.max() == 10
    assert read_unlabelled_table(path, trained_on=PixelForm((0, 16))).images.max() == 159
    np.savetxt(path, LEVELS[:4].reshape(4, -1), fmt="%d", delimiter=",")
    assert np.array_equal(read_unlabelled_table(path, trained_on=PixelForm((0, 16))).images[..., 0], LEVELS[:4])


@pytest.mark.slow
def test_predictions_of_arrays_and_tables_are_on_the_scale_of_the_training(digits: Dataset, tmp_path: Path) -> None:
    import convscope

    counts = np.round(digits.test.images[..., 0] / 255 * 16).astype(np.uint8)
    np.savez(tmp_path / "own.npz", x=np.round(digits.train.images[..., 0] / 255 * 16), y=digits.train.labels)
    run = convscope.train(tmp_path / "own.npz", recipe="sprint", out=tmp_path / "run", report=False)
    assert run.record.request["dataset"]["pixels"] == {"range": [0, 16], "transposed": False}
    np.savetxt(tmp_path / "new.csv", counts.reshape(len(counts), -1), fmt="%d", delimiter=",")
    np.savez(tmp_path / "new.npz", x=counts[:50] // 2, y=digits.test.labels[:50])
    expected = [each.class_name for each in convscope.predict(run, digits.test.images)]
    for images in (counts, counts.astype(float), list(counts), tmp_path / "new.csv"):
        assert [each.class_name for each in convscope.predict(run, images)] == expected
    assert np.mean([int(name) for name in expected] == digits.test.labels) > 0.9
    halves = convscope.evaluate(run, tmp_path / "new.npz")
    assert halves.data is not None
    assert halves.data.notes[0].startswith(("scaled values from 0–16", "converted", "no test split"))


def test_the_option_is_for_arrays_and_tables(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = save("npz", tmp_path, LEVELS.astype(np.uint16) * 12, np.arange(40) % 2)
    assert main(["data", str(path)]) == 1
    assert "Pass the values of black and white, such as --pixel-range 0..4095." in capsys.readouterr().err
    assert main(["data", str(path), "--pixel-range", "0..3060", "--quiet"]) == 0
    assert "scaled values from 0–3060 to 0–255, as requested" in capsys.readouterr().out
    assert main(["data", "mnist", "--pixel-range", "0..255"]) == 2
    assert "the pixels of mnist are known" in capsys.readouterr().err
