from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import convscope
from convscope.cli.main import main
from convscope.data.dataset import Dataset
from convscope.data.load import load_dataset
from convscope.data.orientation import find_orientation
from convscope.data.read_options import PixelForm, ReadOptions
from convscope.data.readers.unlabelled_table import read_unlabelled_table
from convscope.errors import DatasetError

NAMES = tuple("0123456789")


@pytest.mark.parametrize("count", [60, 10_000])
@pytest.mark.parametrize("form", ["as it is", "negative", "coarse"])
def test_transposed_digits_are_told_from_upright_ones(mnist: Dataset, count: int, form: str) -> None:
    images, labels = mnist.train.images[:count], mnist.train.labels[:count]
    images = 255 - images if form == "negative" else images[:, ::2, ::2] if form == "coarse" else images
    on_side = images.swapaxes(1, 2)
    assert find_orientation(images, labels, NAMES) == "upright"
    assert find_orientation(on_side, labels, NAMES) == "transposed"
    if form == "as it is":
        assert find_orientation(on_side) == "transposed"
    for turns in (1, 2, 3):
        assert find_orientation(np.rot90(images, turns, (1, 2)), labels, NAMES) != "transposed"
    assert find_orientation(on_side[:, :, ::-1], labels, NAMES) != "transposed"


@pytest.mark.slow
def test_other_images_than_digits_lie_no_way(digits: Dataset) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (500, 28, 28, 1), dtype=np.uint8)
    assert find_orientation(noise, np.arange(500) % 10, NAMES) is None
    assert find_orientation(noise) is None
    assert find_orientation(digits.train.images, digits.train.labels, digits.class_names) == "upright"
    assert find_orientation(digits.train.images[:10], digits.train.labels[:10], digits.class_names) is None
    assert find_orientation(np.repeat(noise, 3, axis=3), np.arange(500) % 10, NAMES) is None
    try:
        fashion = load_dataset("fashion")
    except DatasetError:
        return
    assert find_orientation(fashion.train.images.swapaxes(1, 2), fashion.train.labels, NAMES) is None


def save_table(path: Path, images: np.ndarray, labels: np.ndarray | None = None) -> Path:
    rows = images.reshape(len(images), -1)
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savetxt(path, rows if labels is None else np.column_stack([labels, rows]), fmt="%d", delimiter=",")
    return path


def test_tables_of_emnist_are_turned_upright_unless_they_are_so_already(mnist: Dataset, tmp_path: Path) -> None:
    upright, labels = mnist.test.images[:300, ..., 0], mnist.test.labels[:300]
    for form, images in (("on-side", upright.swapaxes(1, 2)), ("upright", upright)):
        save_table(tmp_path / form / "emnist-digits-train.csv", images, labels)
        save_table(tmp_path / form / "emnist-digits-test.csv", images[:50], labels[:50])
        dataset = load_dataset(tmp_path / form)
        assert np.array_equal(dataset.train.images[..., 0], upright)
        assert np.array_equal(dataset.test.images[..., 0], upright[:50])
        assert dataset.provenance.pixels.transposed == (form == "on-side")
        assert any("transposed" in note for note in dataset.provenance.notes) == (form == "on-side")


def test_letters_of_emnist_are_turned_by_the_name_of_their_table(tmp_path: Path) -> None:
    letters = np.random.default_rng(0).integers(0, 256, (60, 12, 12), dtype=np.uint8)
    save_table(tmp_path / "emnist-letters-train.csv", letters, np.arange(60) % 20 + 1)
    save_table(tmp_path / "emnist-letters-test.csv", letters[:20], np.arange(20) + 1)
    assert np.array_equal(load_dataset(tmp_path).train.images[..., 0], letters.swapaxes(1, 2))


@pytest.mark.slow
@pytest.mark.parametrize("form", ["npz", "csv"])
def test_any_digits_on_their_side_are_noticed_and_turned_on_request(
    form: str, mnist: Dataset, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    images, labels = mnist.test.images[:600, ..., 0].swapaxes(1, 2), mnist.test.labels[:600]
    path = tmp_path / f"own.{form}"
    np.savez(path, x=images, y=labels) if form == "npz" else save_table(path, images, labels)
    assert main(["data", str(path), "--quiet"]) == 0
    assert (
        "the digits lie on their side, as EMNIST stores them: turn them upright with --transpose" in capsys.readouterr().out
    )
    assert main(["data", str(path), "--quiet", "--transpose"]) == 0
    printed = capsys.readouterr().out
    assert "transposed the images, as requested" in printed
    assert "lie on their side" not in printed
    assert ReadOptions(transpose=True).as_arguments() == ["--transpose"]


@pytest.mark.slow
def test_a_table_to_predict_is_turned_like_the_training_table(mnist: Dataset, tmp_path: Path) -> None:
    images, labels = mnist.train.images[:3000, ..., 0].swapaxes(1, 2), mnist.train.labels[:3000]
    np.savez(tmp_path / "own.npz", x=images, y=labels)
    reading = ReadOptions(transpose=True)
    run = convscope.train(
        tmp_path / "own.npz", recipe="sprint", epochs=2, out=tmp_path / "run", report=False, reading=reading
    )
    new = mnist.test.images[:200]
    for name, table in (
        ("on-side", new[..., 0].swapaxes(1, 2)),
        ("upright", new[..., 0]),
        ("few", new[:4, ..., 0].swapaxes(1, 2)),
    ):
        found = convscope.predict(run, save_table(tmp_path / f"{name}.csv", table))
        assert [each.class_name for each in found] == [each.class_name for each in convscope.predict(run, new[: len(table)])]


def test_a_table_of_emnist_to_predict_is_turned(mnist: Dataset, tmp_path: Path) -> None:
    on_side = save_table(tmp_path / "emnist-mnist-test.csv", mnist.test.images[:40, ..., 0].swapaxes(1, 2))
    assert np.array_equal(read_unlabelled_table(on_side).images, mnist.test.images[:40])
    other = save_table(tmp_path / "test.csv", mnist.test.images[:10, ..., 0].swapaxes(1, 2))
    assert np.array_equal(read_unlabelled_table(other, trained_on=PixelForm(transposed=True)).images, mnist.test.images[:10])
    assert np.array_equal(read_unlabelled_table(other).images, mnist.test.images[:10].swapaxes(1, 2))
