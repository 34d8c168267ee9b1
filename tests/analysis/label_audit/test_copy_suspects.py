"""Copies of suspect images: the bytes of image files, PNG of other images, and folders that are refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from convscope.analysis.label_audit.copy_suspects import check_copies, copy_suspects
from convscope.analysis.label_audit.suspects import LabelAudit
from convscope.data.dataset import Dataset
from convscope.data.load import load_dataset
from convscope.errors import OutputError


def suspects(dataset: Dataset, *, files: bool) -> LabelAudit:
    """The first image of the test split, and the last of the training split."""
    chosen = [("test", 0), ("train", len(dataset.train) - 1)]
    labels = np.array([getattr(dataset, split).labels[index] for split, index in chosen])
    names = tuple(getattr(dataset, split).name_of(index) for split, index in chosen) if files else ()
    split, index = (np.array(column) for column in zip(*chosen, strict=True))
    return LabelAudit(split, index, labels, 1 - labels, np.array([0.9, 0.8]), dataset.class_names, (), files=names)


def test_image_files_are_copied_byte_for_byte_and_stay(tmp_path: Path) -> None:
    generator = np.random.default_rng(0)
    for name in ("mug", "bottle"):
        (tmp_path / "photos" / name).mkdir(parents=True)
        for number in range(5):
            pixels = generator.integers(0, 256, (12, 12, 3)).astype(np.uint8)
            Image.fromarray(pixels).save(tmp_path / "photos" / name / f"IMG {number}.JPG", "JPEG")
    before = {path: path.read_bytes() for path in (tmp_path / "photos").rglob("*.JPG")}
    dataset = load_dataset(tmp_path / "photos")
    audit = suspects(dataset, files=True)
    copy_suspects(audit, dataset, check_copies(tmp_path / "new" / "copies", str(tmp_path / "photos")))
    copies = sorted((tmp_path / "new" / "copies").iterdir())
    given = [dataset.class_names[label] for label in audit.given]
    other = [dataset.class_names[label] for label in audit.suggested]
    assert [path.name for path in copies] == [
        f"1-{given[0]}-perhaps-{other[0]}-test-0.JPG",
        f"2-{given[1]}-perhaps-{other[1]}-train-{len(dataset.train) - 1}.JPG",
    ]
    assert [path.read_bytes() for path in copies] == [(tmp_path / "photos" / name).read_bytes() for name in audit.files]
    assert {path: path.read_bytes() for path in (tmp_path / "photos").rglob("*.JPG")} == before


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("names", [("../a", "C:\\b?"), ("字" * 300, "."), ("a\nb", "a b")])
def test_images_of_arrays_become_png_whatever_the_classes_are_called(
    channels: int, names: tuple[str, str], tmp_path: Path
) -> None:
    images = np.random.default_rng(0).integers(0, 256, (10, 6, 5, channels)).astype(np.uint8)
    labels: Any = np.arange(10) % 2
    dataset = Dataset.from_arrays(images, labels, images, labels, class_names=names)
    copy_suspects(suspects(dataset, files=False), dataset, tmp_path / "copies")
    first, second = sorted((tmp_path / "copies").iterdir())
    assert all(path.parent == tmp_path / "copies" and path.suffix == ".png" for path in (first, second))
    for path, pixels in ((first, dataset.test.images[0]), (second, dataset.train.images[-1])):
        assert np.array_equal(np.asarray(Image.open(path)).reshape(pixels.shape), pixels)


def test_copies_go_into_a_new_or_empty_folder_apart_from_the_data(tmp_path: Path) -> None:
    data, full = tmp_path / "data", tmp_path / "full"
    for folder in (data, full, tmp_path / "empty"):
        folder.mkdir()
    (full / "thesis.tex").write_text("x")
    assert check_copies(tmp_path / "empty", str(data)) == tmp_path / "empty"
    assert check_copies(tmp_path / "new", "mnist") == tmp_path / "new"
    for place, said in ((full, "not empty"), (full / "thesis.tex", "not a folder"), (data / "in", "among the data")):
        with pytest.raises(OutputError, match=f"{said}.*copy_to=DIR"):
            check_copies(place, str(data))
    assert (full / "thesis.tex").read_text() == "x"
