from __future__ import annotations

import importlib.util
import os
import shutil
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image

from convscope.data.checks import check_dataset
from convscope.data.preprocessing import ImagePreprocessor
from convscope.data.read_options import ReadOptions
from convscope.data.readers.image_folder import read_folder
from convscope.data.split import stratified_split
from convscope.errors import ConfigError, ConvscopeError, DatasetError
from convscope.runs.request import describe_request
from convscope.training.recipes import find_recipe

pytestmark = pytest.mark.usefixtures("never_hangs")  # pipes, devices and links that lead nowhere
OPTIONS = ReadOptions()
IMAGES = np.random.default_rng(0).integers(0, 256, (30, 9, 7, 3), dtype=np.uint8)


def write(root: Path, split: str = "", which: range = range(30), classes: tuple[str, ...] = ("cat", "dog", "owl")) -> Path:
    for index in which:
        folder = root / split / classes[index % len(classes)]
        folder.mkdir(parents=True, exist_ok=True)
        Image.fromarray(IMAGES[index]).save(folder / f"{index:02}.png")
    return root


def test_a_folder_of_classes_becomes_two_stratified_splits(tmp_path: Path) -> None:
    dataset = read_folder(write(tmp_path / "birds"), OPTIONS)
    assert dataset.name == "birds"
    assert dataset.class_names == ("cat", "dog", "owl")
    order = [index for first in range(3) for index in range(first, 30, 3)]  # class by class, files by name
    labels = np.repeat(np.arange(3), 10)
    kept, held_out = stratified_split(labels, 0.2, seed=0)
    assert np.array_equal(dataset.train.images, IMAGES[order][kept])
    assert np.array_equal(dataset.test.images, IMAGES[order][held_out])
    assert np.array_equal(dataset.test.labels, labels[held_out])
    assert dataset.provenance.notes == ("no test split: held out 6 of 30 images, stratified, seed 0",)


def test_classes_that_are_renamed_by_their_order_are_noted(tmp_path: Path) -> None:
    dataset = read_folder(write(tmp_path), ReadOptions(class_names=("a", "dog", "c")))
    assert dataset.provenance.notes[0] == "renamed the classes, in the order of their names: cat as a, owl as c"


def test_the_order_of_the_file_system_changes_nothing(tmp_path: Path) -> None:
    first = read_folder(write(tmp_path / "a"), OPTIONS)
    (tmp_path / "b").mkdir()
    for path in sorted((tmp_path / "a").rglob("*.png"), reverse=True):
        place = tmp_path / "b" / path.relative_to(tmp_path / "a")
        place.parent.mkdir(exist_ok=True)
        shutil.copy(path, place)
    assert read_folder(tmp_path / "b", OPTIONS).fingerprint == first.fingerprint


def test_train_and_test_folders_are_the_splits_and_val_joins_train(tmp_path: Path) -> None:
    write(write(write(tmp_path, "train", range(15)), "test", range(15, 24)), "valid", range(24, 30))
    dataset = read_folder(tmp_path, OPTIONS)
    assert (len(dataset.train), len(dataset.test)) == (21, 9)
    assert dataset.provenance.notes == ("added val/ to train/; validation images are held out of both",)
    assert {image.tobytes() for image in dataset.test.images} == {image.tobytes() for image in IMAGES[15:24]}


def test_without_test_the_val_folder_is_the_test_split_and_without_both_a_fifth(tmp_path: Path) -> None:
    write(write(tmp_path / "a", "train", range(24)), "val", range(24, 30))
    dataset = read_folder(tmp_path / "a", OPTIONS)
    assert (len(dataset.train), len(dataset.test)) == (24, 6)
    assert "val/ as the test split" in dataset.provenance.notes[0]
    write(tmp_path / "b", "train")
    assert len(read_folder(tmp_path / "b", OPTIONS).test) == 6


def test_mixed_sizes_get_a_noted_size_that_can_be_chosen(tmp_path: Path) -> None:
    write(tmp_path)
    Image.fromarray(IMAGES[0].repeat(2, 0)).save(tmp_path / "cat" / "tall.png")
    dataset = read_folder(tmp_path, OPTIONS)
    assert dataset.image_shape == (9, 8, 3)
    assert any("2 sizes, median 9 × 7) to 9 × 8" in note for note in dataset.provenance.notes)
    chosen = read_folder(tmp_path, ReadOptions(image_size=(20, 30)))
    assert chosen.image_shape == (20, 30, 3)
    cropped = "cropped to the middle where their proportions differ"
    assert f"resized all image files, as requested, to 20 × 30, {cropped}" in chosen.provenance.notes
    assert cropped in dataset.provenance.notes[-1]
    assert ImagePreprocessor((9, 8, 3)).preprocess(IMAGES[0].repeat(2, 0)).steps[0].startswith("cropped to the middle")


@pytest.fixture
def spoilt(tmp_path: Path) -> Path:
    write(tmp_path)
    (tmp_path / "cat" / "empty.png").touch()
    (tmp_path / "dog" / "text.png").write_text("hello")
    os.mkfifo(tmp_path / "dog" / "pipe.png")
    whole = (tmp_path / "owl" / "02.png").read_bytes()
    (tmp_path / "owl" / "cut.png").write_bytes(whole[:-20])
    return tmp_path


def test_all_bad_image_files_are_listed_with_reasons_in_one_error(spoilt: Path) -> None:
    with pytest.raises(DatasetError) as caught:
        read_folder(spoilt, OPTIONS)
    first, *lines = str(caught.value).split("\n")
    assert f"4 of 34 image files in {str(spoilt)!r}" in first
    assert "skip_bad_images=True" in first
    starts = [
        "  'cat/empty.png' is empty",
        "  'dog/pipe.png' is a pipe",
        "  'dog/text.png' is of unknown format",
        "  'owl/cut.png' is an incomplete PNG",
    ]
    assert len(lines) == 4
    assert all(line.startswith(start) for line, start in zip(sorted(lines), starts, strict=True))


def test_bad_image_files_are_left_out_on_request_with_a_note(spoilt: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    dataset = read_folder(spoilt, ReadOptions(skip_bad_images=True))
    assert len(dataset.train) + len(dataset.test) == 30
    assert dataset.provenance.notes[0] == f"no test split: held out {len(dataset.test)} of 30 images, stratified, seed 0"
    everything = read_folder(spoilt, ReadOptions(skip_bad_images=True, all_as_test=True))
    assert everything.provenance.notes[0] == "no test split: all 30 images are test images"
    note = dataset.provenance.notes[-1]
    assert note.startswith("skipped 4 unreadable image files: ")
    assert all(name in note for name in ("cat/empty.png", "dog/pipe.png", "dog/text.png", "owl/cut.png"))
    found = {
        image.tobytes(): label
        for split in (dataset.train, dataset.test)
        for image, label in zip(split.images, split.labels, strict=True)
    }
    assert found == {image.tobytes(): index % 3 for index, image in enumerate(IMAGES)}
    assert note in (*dataset.provenance.notes, *check_dataset(dataset).problems)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "content", "remedy"),
    [
        ("x.heic", b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "[heif]"),
        ("x.HEIC", b"\0\0\0\x18ftypheix\0\0\0\0mif1heic", "[heif]"),
        ("x.hif", b"\0\0\0\x18ftypmif1\0\0\0\0mif1heic", "[heif]"),
        ("x.avif", b"\0\0\0\x18ftypavif\0\0\0\0mif1avif", "upgrade pillow"),
        ("x.jpg", b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "[heif]"),
        ("x.jxl", b"\xff\x0a", "Convert it"),
        ("x.jp2", b"\0\0\0\x0cjP  ", "Convert it"),
    ],
)
def test_photos_that_cannot_be_read_here_count_as_unreadable(
    name: str, content: bytes, remedy: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    find_spec = importlib.util.find_spec
    monkeypatch.setattr("importlib.util.find_spec", lambda module: None if "if" in module else find_spec(module))
    (write(tmp_path) / "cat" / name).write_bytes(content + bytes(50))
    with pytest.raises(DatasetError, match="cannot read 1 of 31 image files") as caught:
        read_folder(tmp_path, OPTIONS)
    assert remedy in str(caught.value)
    dataset = read_folder(tmp_path, ReadOptions(skip_bad_images=True))
    assert [left for left, _ in dataset.provenance.left_out] == [f"cat/{name}"]
    assert f"skipped 1 unreadable image file: 'cat/{name}' is a" in dataset.provenance.notes[-1]


def test_all_that_is_left_out_is_recorded_and_more_than_a_fifth_only_in_words(tmp_path: Path) -> None:
    write(tmp_path)
    for number in range(25):
        (tmp_path / "cat" / f"bad {number:02}.png").write_bytes(b"no picture")
    with pytest.raises(DatasetError, match=r"25 of 55 .* 20%.* most_bad=0\.46:") as caught:
        read_folder(tmp_path, ReadOptions(skip_bad_images=True))
    assert len(str(caught.value).split("\n")) == 26
    dataset = read_folder(tmp_path, ReadOptions(skip_bad_images=True, most_bad=0.46))
    assert len(dataset.train) + len(dataset.test) == 30
    request = describe_request(dataset, "cnn", find_recipe("standard"), 0)
    assert sorted(entry["name"] for entry in request["left_out"]) == [f"cat/bad {number:02}.png" for number in range(25)]
    assert all("unknown format" in entry["reason"] for entry in request["left_out"])
    assert request["command"].endswith("--skip-bad-images --most-bad 0.46")
    assert dataset.provenance.notes[-1].endswith("; and 5 more, all listed in run.json")


def test_where_nothing_is_left_of_a_split_it_stops(tmp_path: Path) -> None:
    write(tmp_path, "train")
    for name in ("cat", "dog", "owl"):
        (tmp_path / "test" / name).mkdir(parents=True)
        (tmp_path / "test" / name / "1.png").touch()
    with pytest.raises(DatasetError, match="test split"):
        read_folder(tmp_path, ReadOptions(skip_bad_images=True, most_bad=1))


def test_names_come_from_the_folders_from_classes_txt_or_from_the_options(tmp_path: Path) -> None:
    write(tmp_path)
    plain = read_folder(tmp_path, OPTIONS)
    (tmp_path / "classes.txt").write_text("owl\ncat\ndog\n")
    ordered = read_folder(tmp_path, OPTIONS)
    assert ordered.class_names == ("owl", "cat", "dog")
    label_of = {image.tobytes(): label for image, label in zip(ordered.train.images, ordered.train.labels, strict=True)}
    for image, label in zip(plain.train.images, plain.train.labels, strict=True):
        if image.tobytes() in label_of:
            assert ordered.class_names[label_of[image.tobytes()]] == plain.class_names[label]
    assert read_folder(tmp_path, ReadOptions(class_names=("Katze", "Hund", "Eule"))).class_names == ("Katze", "Hund", "Eule")
    with pytest.raises(ConfigError, match="got 2 class names.*3 classes"):
        read_folder(tmp_path, ReadOptions(class_names=("a", "b")))


def test_classes_without_image_files_are_left_out_and_those_with_one_are_findings(tmp_path: Path) -> None:
    write(tmp_path)
    (tmp_path / "emu").mkdir()
    (tmp_path / "yak").mkdir()
    Image.fromarray(IMAGES[0].copy()[::-1]).save(tmp_path / "yak" / "1.png")
    dataset = read_folder(tmp_path, OPTIONS)
    assert dataset.class_names == ("cat", "dog", "owl", "yak")
    sentences = (*dataset.provenance.notes, *check_dataset(dataset).problems)
    assert "ignored classes without image files: emu" in sentences
    assert "class 'yak' has only one training image" in sentences
    assert "class 'yak' has no test image" in sentences
    renamed = read_folder(tmp_path, ReadOptions(class_names=("c", "d", "e", "o", "y")))
    assert renamed.class_names == ("c", "d", "o", "y")
    assert read_folder(tmp_path, ReadOptions(class_names=("yak", "owl", "dog", "cat", "emu", "ant"))).class_names == (
        "yak", "owl", "dog", "cat"
    )  # fmt: skip


def test_a_class_per_image_leaves_nothing_to_test_on(tmp_path: Path) -> None:
    write(tmp_path, which=range(3))
    with pytest.raises(DatasetError, match="3 images, too few"):
        read_folder(tmp_path, OPTIONS)


@pytest.mark.slow
@settings(max_examples=15, deadline=None)
@given(
    images=hnp.arrays(np.uint8, st.tuples(st.integers(10, 16), st.integers(8, 12), st.integers(8, 12), st.sampled_from([1, 3]))),
    suffix=st.sampled_from([".png", ".bmp", ".tif", ".webp"]),
)  # fmt: skip
def test_what_was_saved_without_loss_comes_back(
    images: np.ndarray, suffix: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    root = tmp_path_factory.mktemp("folder")
    for index, image in enumerate(images):
        (root / f"{index % 2}").mkdir(exist_ok=True)
        options = {"lossless": True, "exact": True} if suffix == ".webp" else {}
        Image.fromarray(image[..., 0] if image.shape[2] == 1 else image).save(
            root / f"{index % 2}" / f"{index:02}{suffix}", **options
        )
    dataset = read_folder(root, OPTIONS)
    found = sorted(image.tobytes() for split in (dataset.train, dataset.test) for image in split.images)
    grey = bool((images == images[..., :1]).all())
    expected = images[..., :1] if grey else images
    assert found == sorted(image.tobytes() for image in expected)


PICTURE = IMAGES[0]


@pytest.mark.slow
@settings(max_examples=30, deadline=None)
@given(data=st.data())
def test_mutated_image_files_are_left_out_or_one_sentence(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    root = write(tmp_path_factory.mktemp("folder"), which=range(9))
    suffix = data.draw(st.sampled_from([".png", ".jpg", ".gif", ".bmp", ".tif", ".webp"]))
    path = root / "cat" / f"mutated{suffix}"
    Image.fromarray(PICTURE).save(path)
    content = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 8))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(content)
    try:
        read_folder(root, ReadOptions(skip_bad_images=True, image_size=(9, 7)))
    except ConvscopeError as error:
        pytest.fail(f"one bad picture stopped the others: {error}")
    complaint = "of one picture:\n  that it is bad"
    try:
        read_folder(root, ReadOptions(image_size=(9, 7)))
    except DatasetError as error:
        complaint = str(error)
    assert complaint.count("\n") == 1
