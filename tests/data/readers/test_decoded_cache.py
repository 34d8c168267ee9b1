from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from convscope.data.dataset import Dataset
from convscope.data.load import load_dataset
from convscope.data.read_options import ReadOptions
from convscope.data.readers import decoded_cache, image_folder_decoding
from convscope.errors import DatasetError
from convscope.system.arrays import load_arrays, save_arrays


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    generator = np.random.default_rng(0)
    for name in ("cat", "dog"):
        (tmp_path / "photos" / name).mkdir(parents=True)
        for number in range(6):
            pixels = generator.integers(0, 256, (12, 12, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(tmp_path / "photos" / name / f"{number}.png")
    return tmp_path / "photos"


@pytest.fixture
def decodings(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the files decoded so far."""
    decoded: list[str] = []
    original = image_folder_decoding.decode_image

    def counting(content: bytes, name: str, given: object) -> object:
        decoded.append(name)
        return original(content, name, given)

    monkeypatch.setattr(image_folder_decoding, "decode_image", counting)
    return decoded


def equal(one: Dataset, other: Dataset) -> bool:
    return one.fingerprint == other.fingerprint and one.train.names == other.train.names


def test_a_second_reading_decodes_nothing_and_gives_the_same(photos: Path, decodings: list[str]) -> None:
    first = load_dataset(photos)
    assert len(decodings) == 12
    assert equal(load_dataset(photos), first)
    assert equal(load_dataset(photos.rename(photos.with_name("elsewhere"))), first)
    assert len(decodings) == 12


def _other_content(photos: Path) -> ReadOptions:
    kept = (photos / "cat" / "0.png").stat()
    Image.fromarray(np.full((12, 12, 3), (9, 99, 199), np.uint8)).save(photos / "cat" / "0.png")
    os.utime(photos / "cat" / "0.png", ns=(kept.st_atime_ns, kept.st_mtime_ns))
    return ReadOptions()


def _swapped_names(photos: Path) -> ReadOptions:
    (photos / "cat" / "0.png").rename(photos / "cat" / "9.png")
    return ReadOptions()


@pytest.mark.parametrize("change", [_other_content, _swapped_names, lambda _: ReadOptions(image_size=(8, 8))])
def test_other_files_or_options_are_decoded_anew(
    change: Callable[[Path], ReadOptions], photos: Path, decodings: list[str]
) -> None:
    load_dataset(photos)
    reading = change(photos)
    found = load_dataset(photos, reading)
    assert len(decodings) == 24
    assert equal(found, load_dataset(photos, ReadOptions(reading.image_size, use_cache=False)))


def test_without_the_cache_nothing_is_kept_or_used(photos: Path, decodings: list[str], decoded_images_folder: Path) -> None:
    for _ in range(2):
        load_dataset(photos, ReadOptions(use_cache=False))
    assert len(decodings) == 24
    assert not decoded_images_folder.exists()


def _truncated(entry: Path) -> None:
    entry.write_bytes(entry.read_bytes()[:-100])


def _flipped(entry: Path) -> None:
    content = bytearray(entry.read_bytes())
    content[len(content) // 2] ^= 255
    entry.write_bytes(bytes(content))


def _wrong_pixels(entry: Path) -> None:
    arrays = load_arrays(entry)
    save_arrays(entry, {**arrays, "images": 255 - arrays["images"]})


def _without_a_key(entry: Path) -> None:
    save_arrays(entry, {"images": load_arrays(entry)["images"]})


def _pickled(entry: Path) -> None:
    np.savez(entry, images=np.array([{"a": 1}], object), several=np.zeros(1), sha256=np.zeros(1))


@pytest.mark.parametrize(
    "damage", [_truncated, _flipped, _wrong_pixels, _without_a_key, _pickled, lambda entry: entry.write_bytes(b"")]
)
def test_a_damaged_entry_is_ignored_and_replaced(
    damage: Callable[[Path], None], photos: Path, decodings: list[str], decoded_images_folder: Path
) -> None:
    first = load_dataset(photos)
    (entry,) = decoded_images_folder.iterdir()
    damage(entry)
    assert equal(load_dataset(photos), first)
    assert equal(load_dataset(photos), first)
    assert len(decodings) == 24


def test_the_cache_is_bounded_and_forgets_what_was_not_used_for_longest(
    photos: Path, decodings: list[str], decoded_images_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    load_dataset(photos, ReadOptions(image_size=(12, 12)))
    (first,) = decoded_images_folder.iterdir()
    monkeypatch.setattr(decoded_cache, "MAX_TOTAL", 2 * first.stat().st_size + 100)
    left_over = decoded_images_folder / ".partial-1-a.npz"
    left_over.write_bytes(b"x")
    os.utime(left_over, (time.time() - 10**6,) * 2)
    os.utime(first, (1, 1))
    load_dataset(photos, ReadOptions(image_size=(11, 12)))
    load_dataset(photos, ReadOptions(image_size=(12, 12)))  # used again
    load_dataset(photos, ReadOptions(image_size=(12, 11)))
    assert first.exists()
    assert len(list(decoded_images_folder.iterdir())) == 2
    monkeypatch.setattr(decoded_cache, "MAX_ENTRY", 10)
    load_dataset(photos, ReadOptions(image_size=(9, 9)))
    assert len(list(decoded_images_folder.iterdir())) == 2


def test_a_folder_with_unreadable_files_is_not_kept(photos: Path, decoded_images_folder: Path) -> None:
    (photos / "cat" / "0.png").write_bytes(b"none")
    with pytest.raises(DatasetError):
        load_dataset(photos)
    load_dataset(photos, ReadOptions(skip_bad_images=True))
    assert not decoded_images_folder.exists()


def test_a_cache_that_cannot_be_written_costs_nothing(
    photos: Path, decodings: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setattr(decoded_cache, "cache_folder", lambda: tmp_path / "file")
    assert equal(load_dataset(photos), load_dataset(photos))
    assert len(decodings) == 24
