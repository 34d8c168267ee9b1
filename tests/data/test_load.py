from __future__ import annotations

import gzip
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from convscope import Run, predict
from convscope.data.dataset import Dataset
from convscope.data.load import load_dataset, load_known, reload_dataset
from convscope.data.preprocessing import ImagePreprocessor
from convscope.data.read_options import DatasetLoaded, ReadOptions, ReadProgress
from convscope.errors import ConfigError, DatasetError

pytestmark = pytest.mark.usefixtures("never_hangs")  # pipes, devices and links that lead nowhere


def arrays(n: int = 20) -> dict[str, np.ndarray]:
    generator = np.random.default_rng(0)
    return {
        "x_train": generator.integers(0, 256, (n, 12, 12), dtype=np.uint8),
        "y_train": np.arange(n, dtype=np.uint8) % 3,
        "x_test": generator.integers(0, 256, (6, 12, 12), dtype=np.uint8),
        "y_test": np.arange(6, dtype=np.uint8) % 3,
    }


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    for index, image in enumerate(arrays()["x_train"]):
        place = tmp_path / "pictures" / ("cat", "dog", "owl")[index % 3]
        place.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(place / f"{index}.png")
    return tmp_path / "pictures"


def test_a_dataset_is_returned_as_it_is(digits: Dataset) -> None:
    assert load_dataset(digits) is digits


def test_a_misspelt_name_is_met_with_the_nearest() -> None:
    with pytest.raises(DatasetError, match=r"'mnits' is unknown\. Did you mean 'mnist'\?"):
        load_dataset("mnits")


def test_every_form_of_data_is_known_by_what_lies_at_the_path(tmp_path: Path, pictures: Path) -> None:
    own = arrays()
    np.savez(tmp_path / "own.npz", **own)  # type: ignore[arg-type]
    tables, idx = tmp_path / "tables", tmp_path / "idx"
    tables.mkdir()
    idx.mkdir()
    for split, stem in (("train", "train"), ("test", "t10k")):
        images, labels = own[f"x_{split}"], own[f"y_{split}"]
        rows = np.concatenate([labels[:, None], images.reshape(len(images), -1)], axis=1)
        np.savetxt(tables / f"{split}.csv", rows, "%d", ",")
        header = (b"\0\0\x08\x03", b"\0\0\x08\x01")
        sides = b"".join(side.to_bytes(4, "big") for side in images.shape)
        (idx / f"{stem}-images-idx3-ubyte").write_bytes(header[0] + sides + images.tobytes())
        (idx / f"{stem}-labels-idx1-ubyte.gz").write_bytes(gzip.compress(header[1] + sides[:4] + labels.tobytes()))
    shutil.copy(tables / "train.csv", tmp_path / "own.csv")
    expected = load_dataset(tmp_path / "own.npz")
    assert expected.fingerprint == load_dataset(tables).fingerprint == load_dataset(idx).fingerprint
    assert load_dataset(idx / "t10k-labels-idx1-ubyte.gz").fingerprint == expected.fingerprint
    assert load_dataset(tmp_path / "own.csv").class_names == ("0", "1", "2")
    assert load_dataset(pictures).class_names == ("cat", "dog", "owl")
    assert {load_dataset(path).name for path in (tmp_path / "own.npz", tmp_path / "own.csv")} == {"own"}
    assert load_dataset(f"{pictures}/").name == "pictures"


def test_a_path_object_may_be_one_of_bytes(digits_run: Run, pictures: Path) -> None:
    class Place:
        def __init__(self, path: Path) -> None:
            self.path = path

        def __fspath__(self) -> bytes:
            return os.fsencode(self.path)

    assert load_dataset(Place(pictures)).fingerprint == load_dataset(pictures).fingerprint  # type: ignore[arg-type]
    image = next(pictures.glob("*/*.png"))
    assert predict(digits_run, Place(image)).names == predict(digits_run, image).names  # type: ignore[arg-type]


def test_progress_tells_of_images_and_of_what_was_done(pictures: Path) -> None:
    events: list[ReadProgress | DatasetLoaded] = []
    dataset = load_dataset(pictures, progress=events.append)
    assert events[-1] == DatasetLoaded("pictures", dataset.provenance.notes)
    assert ReadProgress("decoding image files", 20, 20) in events


def test_options_are_kept_with_the_dataset_and_read_the_same_again(pictures: Path) -> None:
    options = ReadOptions(image_size=(10, 16), class_names=("c", "d", "o"))
    dataset = load_dataset(pictures, options)
    assert dataset.image_shape == (10, 16, 1)
    assert dataset.class_names == ("c", "d", "o")
    again = load_dataset(dataset.provenance.source, ReadOptions.from_dict(dataset.provenance.reading.as_dict()))
    assert again.fingerprint == dataset.fingerprint


def test_known_sets_take_other_names_but_no_other_size() -> None:
    assert load_dataset("digits", ReadOptions(class_names=tuple("abcdefghij"))).class_names == tuple("abcdefghij")
    with pytest.raises(ConfigError, match="10 classes"):
        load_dataset("digits", ReadOptions(class_names=("a", "b")))
    assert load_dataset("digits", ReadOptions(image_size=(8, 8))).image_shape == (8, 8, 1)
    with pytest.raises(ConfigError, match="8 × 8"):
        load_dataset("digits", ReadOptions(image_size=(28, 28)))


def test_only_folders_of_images_are_fitted_to_a_run(pictures: Path) -> None:
    preprocessor = ImagePreprocessor((9, 9, 3))
    assert load_dataset(pictures, preprocessor=preprocessor).image_shape == (9, 9, 3)
    assert load_dataset(pictures, ReadOptions(image_size=(5, 5)), preprocessor=preprocessor).image_shape[:2] == (5, 5)
    assert load_dataset("digits", preprocessor=preprocessor).image_shape == (8, 8, 1)


def test_folders_of_images_go_before_a_table_about_them(pictures: Path) -> None:
    (pictures / "train.csv").write_text("file,label\n1.png,cat\n")
    dataset = load_dataset(pictures)
    assert "ignored, because the folder holds image files by class: train.csv" in dataset.provenance.notes
    (pictures / "train.csv").unlink()
    assert load_dataset(pictures).fingerprint == dataset.fingerprint


@pytest.mark.parametrize("form", ["npz", "tables", "idx", "folder", "empty class", "unreadable class"])
def test_classes_of_the_test_split_alone_are_refused_in_every_form(form: str, tmp_path: Path) -> None:
    own, root = arrays(), tmp_path / "own"
    own["y_test"][:2] = 7
    root.mkdir()
    if form == "npz":
        root = tmp_path / "own.npz"
        np.savez(root, **own)  # type: ignore[arg-type]
    for split, stem in (("train", "train"), ("test", "t10k")):
        images, labels = own[f"x_{split}"], own[f"y_{split}"]
        if form == "tables":
            np.savetxt(root / f"{split}.csv", np.column_stack([labels, images.reshape(len(images), -1)]), "%d", ",")
        elif form == "idx":
            sides = b"".join(side.to_bytes(4, "big") for side in images.shape)
            (root / f"{stem}-images-idx3-ubyte").write_bytes(b"\0\0\x08\x03" + sides + images.tobytes())
            (root / f"{stem}-labels-idx1-ubyte").write_bytes(b"\0\0\x08\x01" + sides[:4] + labels.tobytes())
        elif form != "npz":
            for index, (image, label) in enumerate(zip(images, labels, strict=True)):
                (root / split / str(label)).mkdir(parents=True, exist_ok=True)
                Image.fromarray(image).save(root / split / str(label) / f"{index}.png")
    if "class" in form:
        (root / "train" / "7").mkdir()
    if form == "unreadable class":
        (root / "train" / "7" / "1.png").write_bytes(b"")
    with pytest.raises(DatasetError, match=r"test.* class '7',? .*train"):
        load_dataset(root, ReadOptions(skip_bad_images=True))


@pytest.mark.parametrize(("name", "is_folder"), [("digits", True), ("mnist", True), ("fashion", True), ("digits", False)])
def test_a_known_name_that_is_also_a_path_is_an_error_that_names_both(
    name: str, is_folder: bool, pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    if is_folder:
        pictures.rename(tmp_path / name)
    else:
        (tmp_path / name).write_bytes(b"")
    with pytest.raises(DatasetError) as caught:
        load_dataset(name)
    assert repr(name) in str(caught.value)
    assert repr(str(tmp_path / name)) in str(caught.value)
    assert f"Pass ./{name}" in str(caught.value)


@pytest.mark.slow
def test_a_path_with_a_known_name_is_read_and_read_again_by_the_run(
    pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    pictures.rename(tmp_path / "digits")
    for data in ("./digits", "digits/", Path("digits"), tmp_path / "digits"):
        dataset = load_dataset(data)
        assert dataset.class_names == ("cat", "dog", "owl")
        assert reload_dataset(known_as(dataset)).fingerprint == dataset.fingerprint
    builtin = load_known("digits")
    assert reload_dataset(known_as(builtin)).fingerprint == builtin.fingerprint


def known_as(dataset: Dataset) -> dict[str, object]:
    return {
        "source": dataset.provenance.source,
        "reading": dataset.provenance.reading.as_dict(),
        "fingerprint": dataset.fingerprint,
        "class_names": list(dataset.class_names),
    }


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("notes.txt", b"hello", "notes.txt.*format"),
        ("photos.zip", b"PK\3\4", "Unpack it"),
        ("x.npy", b"\x93NUMPY", "numpy.savez"),
        ("model.keras", b"PK\3\4", "This is a model"),
        ("mystery", b"", "mystery.*format"),
    ],
)
def test_a_file_of_another_kind_says_what_is_read(name: str, content: bytes, words: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DatasetError, match=words):
        load_dataset(tmp_path / name)


def test_what_is_no_file_is_not_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.npz")
    (tmp_path / "link.npz").symlink_to(tmp_path / "nowhere")
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "run.json").write_text("{}")
    for name, words in (("pipe.npz", "not a file or folder"), ("link.npz", "broken link"), ("run", "run folder"),
                        ("absent.npz", "does not exist"), ("absent/", "unknown|not exist")):  # fmt: skip
        with pytest.raises(DatasetError, match=words):
            load_dataset(tmp_path / name)
    for path in ("./mnits", "mnits/"):  # a name of known data would be "unknown"
        with pytest.raises(DatasetError, match="does not exist"):
            load_dataset(path)
    with pytest.raises(DatasetError, match="https://example.org/data.npz.* URL"):
        load_dataset("https://example.org/data.npz")
    with pytest.raises(DatasetError, match="is unknown"):
        load_dataset("a\0b")


@pytest.mark.slow
def test_loading_opens_no_socket_even_where_a_known_set_is_missing(tmp_path: Path) -> None:
    code = """
import sys
sys.addaudithook(lambda event, args: sys.exit("socket!") if event.startswith("socket.") else None)
from convscope.data.known.builtin import KNOWN
from convscope.data.load import load_dataset
for name in KNOWN:
    try:
        print(load_dataset(name))
    except ValueError as error:
        print(error)
"""
    environment = {**os.environ, "HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path)}
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment, cwd=tmp_path
    )
    assert "Dataset('mnist'" in result.stdout
    assert "convscope fetch kmnist" in result.stdout
