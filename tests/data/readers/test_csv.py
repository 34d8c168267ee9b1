from __future__ import annotations

import gzip
import re
import shutil
import time
import unicodedata
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from convscope.data.load import load_dataset
from convscope.data.read_options import ReadOptions
from convscope.data.readers import csv_layout, csv_lines
from convscope.data.readers.csv import find_tables, read_table, read_tables
from convscope.data.readers.csv_layout import find_layout, is_number
from convscope.data.readers.npz import read_npz
from convscope.data.readers.unlabelled_table import read_unlabelled_table
from convscope.errors import ConvscopeError, DatasetError

OPTIONS = ReadOptions()
IMAGES = np.random.default_rng(0).integers(0, 256, (20, 16), dtype=np.uint8)
NAMES = ["cat", "dog"] * 10


def lines(
    delimiter: str = ",", *, labels: list[str] | None = None, images: np.ndarray = IMAGES, last: bool = False
) -> list[str]:
    rows = []
    for label, image in zip(labels or NAMES, images.tolist(), strict=False):
        cells = [label, *map(str, image)]
        rows.append(delimiter.join(cells[1:] + cells[:1] if last else cells))
    return rows


def table(path: Path, content: str | bytes | list[str]) -> Path:
    text = "\n".join(content) + "\n" if isinstance(content, list) else content
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_labels_in_the_last_column_are_found_without_a_header(tmp_path: Path) -> None:
    images = np.random.default_rng(3).integers(0, 256, (60, 16), dtype=np.uint8)
    for first in (images[:, 0], np.zeros(60, np.uint8)):  # a corner that is always dark, as MNIST's
        images[:, 0] = first
        for names in ([str(index % 4) for index in range(60)], ["cat", "dog", "owl"] * 20):
            rows = lines(labels=names, images=images, last=True)
            first_way = read_table(table(tmp_path / "first.csv", lines(labels=names, images=images)), OPTIONS)
            last_way = read_table(table(tmp_path / "last.csv", rows), OPTIONS)
            assert last_way.fingerprint == first_way.fingerprint
            assert last_way.class_names == first_way.class_names
            assert "took the last column as labels" in last_way.provenance.notes
            assert "took the last column as labels" not in first_way.provenance.notes
    table(tmp_path / "train.csv", lines(labels=[str(index % 4) for index in range(60)], images=images, last=True))
    table(tmp_path / "test.csv", lines(labels=["3", "1"], images=images[:2], last=True))
    assert read_tables(tmp_path, OPTIONS).test.labels.tolist() == [3, 1]


def test_where_either_column_may_hold_labels_a_header_is_asked_for(tmp_path: Path) -> None:
    images = np.random.default_rng(3).integers(0, 256, (1024, 16), dtype=np.uint8)
    images[:, 0] = np.arange(1024) % 256
    labels = [str(index % 7) for index in range(1024)]
    with pytest.raises(DatasetError, match=r"first column .*\(256 different values\) or its last \(7\).*Add a header"):
        read_table(table(tmp_path / "own.csv", lines(labels=labels, images=images, last=True)), OPTIONS)
    hundred = [str(index % 100) for index in range(1024)]
    images[:, -1] = np.arange(1024) % 3  # a corner of the picture
    assert read_table(table(tmp_path / "own.csv", lines(labels=hundred, images=images)), OPTIONS).num_classes == 100


def test_progress_on_a_long_table_is_in_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csv_lines, "SECONDS", 0)
    path, events = table(tmp_path / "own.csv", lines()), []
    read_table(path, OPTIONS, events.append)
    assert [event.step for event in events] == ["reading own.csv"] * 20
    assert [event.done for event in events] == sorted(event.done for event in events)
    assert (events[-1].done, events[-1].total, events[-1].unit) == (path.stat().st_size, path.stat().st_size, "bytes")


HEADER = ",".join(["label", *(f"pixel{index}" for index in range(16))])


@pytest.mark.parametrize(
    "content",
    [
        lines(),
        [HEADER, *lines()],
        [HEADER.replace("label", "Class"), *lines()],
        [",".join(["label", *map(str, range(16))]), *lines()],
        [",".join(["label", *map(str, range(1, 17))]), *lines()],
        lines(";"),
        lines("\t"),
        "\r\n".join(lines()),
        "\ufeff" + "\n".join([HEADER, *lines()]),
        "\n\n".join(lines()) + "\n\n\n",
        [",".join(f'"{cell}"' for cell in row.split(",")) for row in lines()],
        [row.replace(",", ", ") for row in lines()],
        [",".join([*(f"pixel{index}" for index in range(16)), "label"]), *lines(last=True)],
        [",".join([row.split(",")[0], *(f"{cell}.0" for cell in row.split(",")[1:])]) for row in lines()],
        *([delimiter.join([name, *(f"{value},0" for value in row)]) for name, row in zip(NAMES, IMAGES.tolist(), strict=True)]
          for delimiter in ";\t"),
        "\ufeff\ufeff" + "\n".join(lines()[:9]) + "\n\ufeff" + "\n".join(lines()[9:]),
        [",".join(f"V{index}" for index in range(1, 18)), *lines()],
        [",".join(f"V{index}" for index in range(1, 18)), *lines(last=True)],
        "\n\r".join(lines()),
        "\ufeffSEP=,\r\n" + "\n".join(lines()),
        '"sep=\t"\n\n' + "\n".join([HEADER.replace(",", "\t"), *lines("\t")]),
        *("\n".join([f"sep=;{more}", *lines(";")]) for more in ("", ";" * 16)),
    ],
    ids=["bare", "header", "class", "pandas", "from 1", "semicolons", "tabs", "CRLF", "BOM", "empty lines", "quoted",
         "spaces", "label last", "floats", "decimal commas", "decimal commas and tabs", "joined BOMs", "R",
         "R, label last", "LFCR", "SEP=", "quoted sep=", "sep=", "sep= and empty cells"],
)  # fmt: skip
def test_every_usual_form_gives_the_same_images(content: str | list[str], tmp_path: Path) -> None:
    dataset = read_table(table(tmp_path / "own.csv", content), OPTIONS)
    found = {
        image.tobytes(): label
        for split in (dataset.train, dataset.test)
        for image, label in zip(split.images, split.labels, strict=True)
    }
    assert found == {image.tobytes(): index % 2 for index, image in enumerate(IMAGES)}
    assert dataset.class_names == ("cat", "dog")
    assert dataset.image_shape == (4, 4, 1)
    notes = [note for note in dataset.provenance.notes if not note.startswith(("rounded", "took the last column"))]
    assert notes == ["no test split: held out 4 of 20 images, stratified, seed 0"]


PIXELS = {
    "pixel0": [f"pixel{index}" for index in range(16)],
    "pixel_0000": [f"pixel_{index:04d}" for index in range(16)],
    "1x1": [f"{row}x{column}" for row in range(4) for column in range(4)],
    "0": [str(index) for index in range(16)],
    "V1": [f"V{index}" for index in range(1, 17)],
    "r0": [f"{channel}{index}" for index in range(4) for channel in "rgb"] + ["r4", "g4", "b4", "r5"],
    "a1": [f"{row}{column}" for row in "abcd" for column in range(1, 5)],
    "p(1, 2)": [f"p {row} {column}" for row in range(4) for column in range(4)],
}


def with_columns(titles: list[str], columns: list[list[str]], pixels: list[str] | None, *, last: bool = False) -> list[str]:
    """A table with other columns before, or after, the pixels."""
    rows = [list(map(str, image)) for image in IMAGES.tolist()]
    others = [list(cells) for cells in zip(*columns, strict=True)]
    lists = [(*row, *cells) if last else (*cells, *row) for row, cells in zip(rows, others, strict=True)]
    head = [] if pixels is None else [",".join([*pixels, *titles] if last else [*titles, *pixels])]
    return [*head, *(",".join(cells) for cells in lists)]


@pytest.mark.slow
@pytest.mark.parametrize("last", [False, True])
@pytest.mark.parametrize("pixels", PIXELS)
@pytest.mark.parametrize("title", ["label", "Class", "character", "animal", "kind of thing", "y", "label_1"])
def test_the_label_column_is_the_one_whose_header_differs_from_the_pixels(
    title: str, pixels: str, last: bool, tmp_path: Path
) -> None:
    for labels in (["0", "1"] * 10, NAMES):
        dataset = read_table(
            table(tmp_path / "own.csv", with_columns([title], [labels], PIXELS[pixels], last=last)), OPTIONS
        )
        assert set(dataset.class_names) == set(labels)
    assert dataset.image_shape == (4, 4, 1)
    assert (dataset.train.images.reshape(-1, 16)[:, None] == IMAGES).all(axis=2).any(axis=1).all()


SHUFFLED = {
    "reversed": lambda names: names[::-1],
    "as text": sorted,
    "at random": lambda names: [names[place] for place in np.random.default_rng(5).permutation(len(names))],
    "as they are": list,
}


@pytest.mark.slow
@pytest.mark.parametrize("order", SHUFFLED)
@pytest.mark.parametrize("place", [0, 7, 15, 16])
@pytest.mark.parametrize("pixels", ["pixel0", "pixel_0000", "1x1", "0", "V1", "p(1, 2)", "x y", "row column"])
def test_pixels_are_sorted_by_their_numbers_and_the_label_may_stand_anywhere(
    pixels: str, place: int, order: str, tmp_path: Path
) -> None:
    more = {"x y": "x{1}_y{0}", "row column": "row{0}col{1}"}
    names = PIXELS.get(pixels) or [more[pixels].format(row, column) for row in range(4) for column in range(4)]
    head = SHUFFLED[order](names)
    rows = [[str(image[names.index(name)]) for name in head] for image in IMAGES]
    if pixels == "1x1":  # a delimiter between quotes
        rows = [[*row[:-1], f'"{row[-1]}"'] for row in rows]
    for title, labels in (("label", NAMES), ("Class", ["0", "1"] * 10), ("kind of thing", ["a, b", "c"] * 10)):
        content = [",".join([*head[:place], title, *head[place:]])]
        content += [",".join([*row[:place], f'"{label}"', *row[place:]]) for row, label in zip(rows, labels, strict=True)]
        dataset = read_table(table(tmp_path / "own.csv", content), OPTIONS)
        assert set(dataset.class_names) == set(labels)
        told = "put the pixel columns of own.csv in the order of their numbers" in dataset.provenance.notes
        assert told == (head != names)
        plain = lines(labels=[f'"{label}"' for label in labels])
        assert dataset.fingerprint == read_table(table(tmp_path / "plain.csv", plain), OPTIONS).fingerprint
        unlabelled = [",".join(head), *(",".join(row) for row in rows)]
        found = read_unlabelled_table(table(tmp_path / "new.csv", unlabelled))
        assert (found.images.reshape(-1, 16) == IMAGES).all()
        assert bool(found.notes) == (head != names)
    cells = ["cat" if cell == title else "1" for cell in content[0].split(",")]
    column = 4 if place else 2
    cells[column - 1] = "x"
    content[5] = ",".join(cells)
    with pytest.raises(DatasetError, match=f"line 6: 'x' in column {column} is not a number"):
        read_table(table(tmp_path / "own.csv", content), OPTIONS)


def test_pixels_whose_order_their_names_leave_open_stay_as_they_are(tmp_path: Path) -> None:
    for names in (
        [f"p{column}_{row}" for row in range(4) for column in range(4)],  # of column and row, perhaps
        [f"p{2 * index}" for index in range(16)][::-1],
        [f"{'qp'[index % 2]}{index // 2}" for index in range(16)],
    ):
        content = with_columns(["label"], [NAMES], names)
        expected = read_table(table(tmp_path / "plain.csv", lines()), OPTIONS)
        assert read_table(table(tmp_path / "own.csv", content), OPTIONS).fingerprint == expected.fingerprint


COUNTED = [str(index) for index in range(20)]


@pytest.mark.parametrize(
    ("titles", "columns", "pixels", "note"),
    [
        (["", "label"], [COUNTED, NAMES], "pixel0", "ignored the first column of own.csv, which numbers or names the images"),
        (["Unnamed: 0", "label"], [COUNTED, NAMES], "pixel0", "column 'Unnamed: 0'"),
        (["", "label"], [COUNTED, NAMES], "0", "first column"),
        (["id", "animal"], [COUNTED[::-1], NAMES], "1x1", "column 'id'"),
        (["animal", "id"], [NAMES, COUNTED[::-1]], "1x1", "column 'id'"),
        (["sample", "animal"], [COUNTED, NAMES], "V1", "column 'sample'"),
        (["nr", "animal"], [[str(index + 1) for index in range(20)], NAMES], "V1", "column 'nr'"),
        (["filename", "animal"], [[f"{index}.png" for index in range(20)], NAMES], "V1", "column 'filename'"),
        (["writer", "label"], [["ann", "bob"] * 10, NAMES], "V1", "column 'writer' of own.csv, which holds neither labels"),
        (["?", "?"], [COUNTED, NAMES], None, "first column"),
    ],
)  # fmt: skip
def test_a_column_that_numbers_the_images_is_named_and_left_out(
    titles: list[str], columns: list[list[str]], pixels: str | None, note: str, tmp_path: Path
) -> None:
    content = with_columns(titles, columns, None if pixels is None else PIXELS[pixels])
    dataset = read_table(table(tmp_path / "own.csv", content), OPTIONS)
    assert dataset.class_names == ("cat", "dog")
    assert dataset.image_shape == (4, 4, 1)
    assert note in dataset.provenance.notes[0]
    plain = read_table(table(tmp_path / "own.csv", lines()), OPTIONS)
    assert dataset.fingerprint == plain.fingerprint


MANY = np.random.default_rng(2).integers(0, 256, (80, 16), dtype=np.uint8)


@pytest.mark.parametrize(
    ("title", "ids"),
    [
        ("id", [str(index) for index in range(80)]),
        ("ImageId", [str(index + 1) for index in range(80)]),
        ("", [str(index) for index in range(80)]),
        ("Unnamed: 0", [str(index) for index in range(80)]),
        ("filename", [f"{index}.png" for index in range(80)]),
        ("picture", [f"image {index}" for index in range(80)]),
        ("number", [str(9000 + 7 * index) for index in range(80)]),
        (None, [str(index) for index in range(80)]),
        (None, [str(index + 28001) for index in range(80)]),
        (None, [f"{index:08x}" for index in range(80)]),
    ],
)
@pytest.mark.parametrize("rows", [12, 80])
def test_a_column_of_ids_is_no_label(title: str | None, ids: list[str], rows: int, tmp_path: Path) -> None:
    pixels = ",".join(PIXELS["pixel0"])
    head = [] if title is None else [f"label,{pixels}"]
    table(tmp_path / "train.csv", [*head, *lines()])
    test = lines(labels=ids[:rows], images=MANY[:rows])
    table(tmp_path / "test.csv", test if title is None else [f"{title},{pixels}", *test])
    dataset = read_tables(tmp_path, OPTIONS)
    assert dataset.class_names == ("cat", "dog")
    assert (len(dataset.train), len(dataset.test)) == (16, 4)
    assert dataset.provenance.notes[0].startswith("ignored test.csv, which has no labels: ")
    if rows == 80:
        with pytest.raises(DatasetError, match=r"no labels: .* numbers or names the images \(80 different values\)"):
            read_table(tmp_path / "test.csv", OPTIONS)


def test_labels_once_each_are_no_ids(tmp_path: Path) -> None:
    letters = [chr(97 + index) for index in range(20)]
    path = table(tmp_path / "own.csv", lines(labels=letters))
    assert read_table(path, ReadOptions(all_as_test=True)).class_names == tuple(letters)
    digits = table(tmp_path / "digits.csv", lines(labels=[str(index) for index in range(10)]))
    assert read_table(digits, ReadOptions(all_as_test=True)).num_classes == 10


def test_two_columns_that_may_be_labels_are_both_named(tmp_path: Path) -> None:
    content = with_columns(["animal", "colour"], [NAMES, ["red", "blue"] * 10], PIXELS["pixel0"])
    with pytest.raises(
        DatasetError, match="either the column 'animal' or the column 'colour' of .* Name the right one label"
    ):
        read_table(table(tmp_path / "own.csv", content), OPTIONS)


@pytest.mark.parametrize("space", [" ", "   ", "  \t "])
def test_blanks_separate_cells_however_many_there_are(space: str, tmp_path: Path) -> None:
    content = [f" {space.join([str(index % 2), *map(str, image)])} " for index, image in enumerate(IMAGES.tolist())]
    dataset = read_table(table(tmp_path / "own.csv", content), OPTIONS)
    expected = read_table(table(tmp_path / "own.csv", lines(labels=["0", "1"] * 10)), OPTIONS)
    assert dataset.fingerprint == expected.fingerprint


@pytest.mark.parametrize(
    ("delimiter", "form"), [(" ", "{:.4f}"), (",", "{:.4f}"), (",", "{:g}"), (";", "{:.3e}"), ("\t", "{!r}")]
)
def test_values_from_minus_1_to_1_are_scaled_as_in_npz(delimiter: str, form: str, tmp_path: Path) -> None:
    """As USPS' zip.train: ``6.0000 -1.0000 -0.3720 …``."""
    values = np.float64(IMAGES) / 127.5 - 1
    values[:, 0] = -1
    content = [delimiter.join([f"{index % 2:.4f}", *map(form.format, row)]) for index, row in enumerate(values.tolist())]
    dataset = read_table(table(tmp_path / "own.csv", content), OPTIONS)
    assert dataset.class_names == ("0", "1")
    assert "scaled values from −1–1 to 0–255" in dataset.provenance.notes
    written = np.array([[float(form.format(value)) for value in row] for row in values.tolist()])
    np.savez(tmp_path / "own.npz", x=np.float32(written).reshape(20, 4, 4), y=np.arange(20) % 2)
    assert dataset.fingerprint == read_npz(tmp_path / "own.npz").fingerprint


@pytest.mark.slow
@pytest.mark.parametrize("quote", ["", '"'])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize(
    ("header", "form"),
    [
        ("emotion,pixels,Source", "{0},{1},Training"),
        ("emotion,pixels", "{0},{1}"),
        ("pixels,label", "{1},{0}"),
        ("", "{0},{1}"),
        ("", "{1},{0}"),
    ],
)
def test_pixels_may_be_in_one_cell_with_blanks_between_them(
    header: str, form: str, delimiter: str, quote: str, tmp_path: Path
) -> None:
    """As FER2013: ``emotion,pixels,Usage``."""
    form, header = form.replace(",", delimiter), header.replace(",", delimiter)
    head, last = [header] * bool(header), "Training" in form
    for labels in (["0", "1"] * 10, NAMES, ["fire truck", "bus"] * 10):
        cells = [f"{quote}{' '.join(map(str, image))}{quote}" for image in IMAGES.tolist()]
        rows = [form.format(label, cell) for label, cell in zip(labels, cells, strict=True)]
        dataset = read_table(table(tmp_path / "own.csv", [*head, *rows]), OPTIONS)
        expected = read_table(table(tmp_path / "plain.csv", lines(labels=labels)), OPTIONS)
        assert dataset.fingerprint == expected.fingerprint
        if last:
            assert "column 'Source'" in dataset.provenance.notes[0]
        with pytest.raises(DatasetError, match=f"line {21 + len(head)}: its pixels are not 16 numbers"):
            read_table(table(tmp_path / "own.csv", [*head, *rows, form.format("bus", "1 2 3")]), OPTIONS)
    alone = read_unlabelled_table(table(tmp_path / "new.csv", ["pixels", *cells]))
    assert (alone.images.reshape(-1, 16) == IMAGES).all()


@pytest.mark.parametrize("name", ["own.txt", "own.dat", "own", "zip.train"])
def test_a_text_file_of_any_name_that_begins_like_a_table_is_one(name: str, tmp_path: Path) -> None:
    content = [" ".join([str(index % 2), *map(str, image)]) for index, image in enumerate(IMAGES.tolist())]
    assert load_dataset(table(tmp_path / name, content)).image_shape == (4, 4, 1)
    for other in (["a b c"] * 20, [f"{index}.png cat" for index in range(20)], ["1 2 3 4 5"] * 20, b"\xff" * 500):
        with pytest.raises(DatasetError, match="is not in a format"):
            load_dataset(table(tmp_path / name, other))


@pytest.mark.parametrize(
    ("names", "train", "test", "note"),
    [
        (("train.csv", "val.csv", "test.csv"), 14, 6, "added the validation images to the training split"),
        (("Training.csv", "Validation.csv"), 8, 6, "used the validation images as the test split"),
        (("mnist_train.csv", "mnist_test.csv"), 8, 6, None),
        (("train_set.csv", "test_set.csv", "train_labels.csv"), 8, 6, None),
        (("training_data.tsv", "testing_data.tsv"), 8, 6, None),
        (("zip.train", "zip.test"), 8, 6, None),
        (("train.txt", "test.txt"), 8, 6, None),
    ],
)
def test_tables_are_splits_by_the_words_in_their_names(
    names: tuple[str, ...], train: int, test: int, note: str | None, tmp_path: Path
) -> None:
    for name in names:
        rows = 8 if "train" in name.lower() else 6
        table(tmp_path / name, lines(images=IMAGES[:rows]))
    dataset = load_dataset(tmp_path)
    assert (len(dataset.train), len(dataset.test)) == (train, test)
    assert dataset.class_names == ("cat", "dog")
    assert note is None or any(said.startswith(note) for said in dataset.provenance.notes)
    assert dataset.train.name_of(0).endswith(" line 1")


def test_empty_columns_are_no_labels(tmp_path: Path) -> None:
    plain = read_table(table(tmp_path / "own.csv", lines()), OPTIONS)
    for content in ([f"{row}," for row in lines()], [f"{HEADER},", *(f"{row}," for row in lines())]):
        dataset = read_table(table(tmp_path / "own.csv", content), OPTIONS)
        assert dataset.fingerprint == plain.fingerprint
        assert dataset.provenance.notes[0] == "ignored the last column of own.csv, which is empty"
    table(tmp_path / "train.csv", [HEADER, *lines()])
    table(tmp_path / "test.csv", [HEADER, *(row.replace("cat", "").replace("dog", "") for row in lines())])
    dataset = read_tables(tmp_path, OPTIONS)
    assert dataset.provenance.notes[0] == "ignored test.csv, which has no labels: the column 'label' is empty"


def test_decimal_commas_and_commented_headers_are_read(tmp_path: Path) -> None:
    values = [[f"{value / 255:.3f}".replace(".", ",") for value in row] for row in IMAGES.tolist()]
    content = [HEADER.replace(",", ";"), *(";".join([name, *row]) for name, row in zip(NAMES, values, strict=True))]
    plain = read_table(table(tmp_path / "plain.csv", lines()), OPTIONS)
    assert read_table(table(tmp_path / "own.csv", content), OPTIONS).fingerprint == plain.fingerprint
    for first in (f"# {HEADER}", "# made by hand"):
        assert read_table(table(tmp_path / "own.csv", [first, *lines()]), OPTIONS).fingerprint == plain.fingerprint


def test_a_table_of_file_names_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="lists image files, not pixels.*one folder per class"):
        read_table(table(tmp_path / "labels.csv", ["file,label", *(f"{index}.PNG,cat" for index in range(9))]), OPTIONS)


@pytest.mark.parametrize(
    ("values", "train", "test"),
    [
        (("Training", "PublicTest", "PrivateTest"), 8, 12),
        (("train", "val", "test"), 14, 6),
        (("train", "valid", "valid"), 8, 12),
        (("TRAIN", "TEST", "TEST"), 8, 12),
    ],
)
def test_a_column_may_name_the_split_of_each_line(values: tuple[str, ...], train: int, test: int, tmp_path: Path) -> None:
    column = [values[0]] * 8 + [values[1]] * 6 + [values[2]] * 6
    path = table(tmp_path / "own.csv", with_columns(["emotion", "Usage"], [NAMES, column], PIXELS["pixel0"]))
    dataset = read_table(path, OPTIONS)
    assert (len(dataset.train), len(dataset.test)) == (train, test)
    assert np.array_equal(dataset.test.images.reshape(-1, 16), IMAGES[-test:])
    assert dataset.test.name_of(0) == f"own.csv line {20 - test + 2}"
    assert dataset.provenance.notes[0] == "took the splits from the column 'Usage' of own.csv"
    (tmp_path / "two").mkdir()
    for split in ("train", "test"):
        shutil.copy(path, tmp_path / "two" / f"{split}.csv")
    two = read_tables(tmp_path / "two", OPTIONS)
    assert (len(two.train), len(two.test)) == (20, 20)
    assert two.provenance.notes == tuple(
        f"ignored the column 'Usage' of {split}.csv, which names splits" for split in ("train", "test")
    )


@pytest.mark.parametrize("names", [("train", "test"), ("val", "train"), ("train", "test", "val")])
def test_a_column_named_label_has_the_classes_whatever_they_are_called(names: tuple[str, ...], tmp_path: Path) -> None:
    labels = [names[index % len(names)] for index in range(20)]
    dataset = read_table(table(tmp_path / "own.csv", [HEADER, *lines(labels=labels)]), OPTIONS)
    assert dataset.class_names == tuple(sorted(names))
    assert len(dataset.train) == 16
    splits = ["train"] * 8 + ["test"] * 12
    path = table(tmp_path / "both.csv", with_columns(["label", "usage"], [labels, splits], PIXELS["pixel0"]))
    both = read_table(path, OPTIONS)
    assert both.class_names == tuple(sorted(names))
    assert len(both.test) == 12
    with pytest.raises(DatasetError, match="no labels: the first column names splits. Add a first column named label"):
        read_table(table(tmp_path / "own.csv", lines(labels=labels)), OPTIONS)


def test_numbers_written_in_several_ways_are_one_class_with_a_note(tmp_path: Path) -> None:
    ways = ["7", "07", "1", "001", "1.0"] * 4
    dataset = read_table(table(tmp_path / "own.csv", lines(labels=ways)), OPTIONS)
    assert dataset.class_names == ("1", "7")
    assert dataset.provenance.notes[:2] == (
        "took the labels 001, 1 and 1.0 as one class, the number 1", "took the labels 07 and 7 as one class, the number 7",
    )  # fmt: skip
    (tmp_path / "two").mkdir()
    for name, labels in (("train", ["01", "02"]), ("test", ["1", "2"])):
        table(tmp_path / "two" / f"{name}.csv", lines(labels=labels * 10))
    notes = read_tables(tmp_path / "two", OPTIONS).provenance.notes
    assert notes == tuple(f"took the labels 0{number} and {number} as one class, the number {number}" for number in (1, 2))


def test_labels_of_two_tables_are_of_one_kind(tmp_path: Path) -> None:
    table(tmp_path / "train.csv", lines(labels=["1", "A"] * 10))
    table(tmp_path / "test.csv", lines(labels=["1"] * 5))
    dataset = read_tables(tmp_path, OPTIONS)
    assert dataset.class_names == ("1", "A")
    assert dataset.test.labels.tolist() == [0] * 5
    table(tmp_path / "test.csv", lines(labels=["1", "B"] * 5))
    with pytest.raises(DatasetError, match="test split .* class 'B' of which"):
        read_tables(tmp_path, OPTIONS)


def test_files_of_systems_are_no_tables(tmp_path: Path) -> None:
    (tmp_path / "mnist").mkdir()
    table(tmp_path / "mnist" / "train.csv", lines())
    for name in ("._train.csv", ".~lock.train.csv"):
        (tmp_path / "mnist" / name).write_bytes(b"\0\5\26\7")
    (tmp_path / ".DS_Store").write_bytes(b"")
    assert set(find_tables(tmp_path)) == {"train"}
    assert read_tables(tmp_path, OPTIONS).class_names == ("cat", "dog")


def test_labels_are_numbers_where_all_are_and_names_with_commas_where_quoted(tmp_path: Path) -> None:
    numbers = lines(labels=["10", "9"] * 10)
    assert read_table(table(tmp_path / "a.csv", numbers), OPTIONS).class_names == ("9", "10")
    named = [row.replace("cat", '"cat, big"') for row in lines()]
    assert read_table(table(tmp_path / "b.csv", named), OPTIONS).class_names == ("cat, big", "dog")
    for comma in ("cat,big", "cat, big", "8, big"):
        assert comma in read_table(table(tmp_path / "b.csv", lines(";", labels=[comma, "dog"] * 10)), OPTIONS).class_names
    assert read_table(table(tmp_path / "e.csv", lines(labels=["1_0", "10"] * 10)), OPTIONS).class_names == ("1_0", "10")
    red = lines(labels=["\x1b[31mred", "\u202egreen"] * 10)
    assert read_table(table(tmp_path / "d.csv", red), OPTIONS).class_names == (r"\u001b[31mred", r"\u202egreen")
    texts = lines(labels=["=cmd|'/c calc'!A1", "-1+1"] * 10)
    assert read_table(table(tmp_path / "c.csv", texts), OPTIONS).class_names == ("-1+1", "=cmd|'/c calc'!A1")


@pytest.mark.parametrize(
    ("cell", "name"), [('"c""d"', 'c"d'), ('"say ""hi"", dog"', 'say "hi", dog'), ('""""', '"'), ('"plain"', "plain")]
)
def test_quotes_within_a_label_are_read_as_csv_has_them(cell: str, name: str, tmp_path: Path) -> None:
    dataset = read_table(table(tmp_path / "q.csv", lines(labels=[cell, "other"] * 10)), OPTIONS)
    assert set(dataset.class_names) == {name, "other"}


@pytest.mark.parametrize(("cell", "words"), [('"dog', "1 cell, but the first line has 17"), ("dog\0", "zero byte")])
def test_a_label_that_would_merge_with_another_is_an_invalid_line(cell: str, words: str, tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=words):
        read_table(table(tmp_path / "q.csv", lines(labels=["cat", "dog"] * 9 + ["cat", cell])), OPTIONS)


def test_colour_is_recognized_by_the_number_of_pixels(tmp_path: Path) -> None:
    images = np.random.default_rng(1).integers(0, 256, (20, 27), dtype=np.uint8)
    dataset = read_table(table(tmp_path / "own.csv", lines(images=images)), OPTIONS)
    assert dataset.image_shape == (3, 3, 3)
    assert dataset.train.images[0].reshape(-1).tolist() in images.tolist()


def test_decimals_from_0_to_1_become_grey_levels(tmp_path: Path) -> None:
    content = [",".join([row.split(",")[0], *(repr(int(cell) / 255) for cell in row.split(",")[1:])]) for row in lines()]
    dataset = read_table(table(tmp_path / "own.csv", content), OPTIONS)
    assert dataset.train.images[0].reshape(-1).tolist() in IMAGES.tolist()
    assert dataset.provenance.notes[0] == "scaled values from 0–1 to 0–255"


def test_two_tables_in_a_folder_are_two_splits(tmp_path: Path) -> None:
    table(tmp_path / "fashion-mnist_train.csv", [HEADER, *lines()])
    table(tmp_path / "fashion-mnist_test.csv", [HEADER, *lines(images=IMAGES[:6])])
    (tmp_path / "classes.txt").write_text("dog\ncat\n")
    dataset = read_tables(tmp_path, OPTIONS)
    assert (len(dataset.train), len(dataset.test)) == (20, 6)
    assert dataset.class_names == ("dog", "cat")
    assert np.array_equal(dataset.train.images.reshape(20, 16), IMAGES)
    assert dataset.train.labels[:2].tolist() == [1, 0]


@pytest.mark.parametrize("header", [True, False])
def test_kaggles_test_table_without_labels_is_left_alone(header: bool, tmp_path: Path) -> None:
    table(tmp_path / "train.csv", [HEADER, *lines()] if header else lines())
    unlabelled = [row.partition(",")[2] for row in ([HEADER] if header else []) + lines()]
    table(tmp_path / "test.csv", unlabelled)
    dataset = read_tables(tmp_path, OPTIONS)
    assert (len(dataset.train), len(dataset.test)) == (16, 4)
    assert dataset.provenance.notes[0] == "ignored test.csv, which has no labels: all columns are pixels"


def test_only_a_training_table_makes_a_folder_of_tables(tmp_path: Path) -> None:
    table(tmp_path / "test.csv", lines())
    assert find_tables(tmp_path) == {}
    table(tmp_path / "train.csv", lines())
    assert set(find_tables(tmp_path)) == {"train", "test"}
    table(tmp_path / "old_train.csv", lines())
    with pytest.raises(DatasetError, match=r"old_train\.csv and train\.csv"):
        find_tables(tmp_path)


def test_all_bad_lines_are_named_at_once_the_first_twenty_in_full(tmp_path: Path) -> None:
    bad = ["cat,1,2", "dog" + ",1" * 15 + ",256", "cat" + ",1" * 15 + ",-1", "cat" + ",1" * 15 + ",x", "cat" + ",1" * 15 + ",",
           "cat" + ",nan" * 16, "cat" + ",1e400" * 16, "," + ",".join("1" * 16), "cat" + ",1_0" * 16,
           "cat" + ",1" * 15 + "," + "9" * 5000, "cat" + ",1" * 17, "cat" + ",\0" * 16]  # fmt: skip
    with pytest.raises(DatasetError) as caught:
        read_table(table(tmp_path / "own.csv", [HEADER, *lines(), *bad, *(["dog,7"] * 30)]), OPTIONS)
    first, *rest = str(caught.value).split("\n")
    assert f"{str(tmp_path / 'own.csv')!r} has 42 invalid lines" in first
    assert rest[:5] == [
        "  line 22: 3 cells, but the first line has 17",
        "  line 23: 256 in column 17 is not a number from 0 to 255",
        "  line 24: -1 in column 17 is not a number from 0 to 255",
        "  line 25: 'x' in column 17 is not a number from 0 to 255",
        "  line 26: an empty cell in column 17 is not a number from 0 to 255",
    ]
    assert "the label is empty" in rest[7]
    assert len(rest) == 21
    assert rest[-1] == "  and 22 more"
    assert max(map(len, rest)) < 120


@pytest.mark.parametrize("word", ["nan", "NaN", "NA", "null", "None", "?"])
def test_a_word_for_no_value_is_a_class_among_names_and_no_label_among_numbers(word: str, tmp_path: Path) -> None:
    def rows(*labels: str) -> list[str]:
        return [f"{label},{','.join('1' * 16)}" for label in labels for _ in range(10)]

    assert set(read_table(table(tmp_path / "names.csv", [HEADER, *rows("cat", word)]), OPTIONS).class_names) == {"cat", word}
    with pytest.raises(DatasetError, match=re.escape(f"line 22: the label is {word!r}, and the others are numbers")):
        read_table(table(tmp_path / "numbers.csv", [HEADER, *rows("0", "1", word)]), OPTIONS)


@pytest.mark.parametrize("short", ["cat", "cat,1,2", "cat" + ",1" * 40, ",", "1 2 3"])
def test_an_invalid_second_line_is_one_among_others(short: str, tmp_path: Path) -> None:
    for head in (HEADER, ",".join(["label", *map(str, range(16))]), f"{HEADER[6:]},kind"):
        content = [head, short, *lines(last=head.endswith("kind"))]
        with pytest.raises(DatasetError, match="1 invalid line: .*\n  line 2: "):
            read_table(table(tmp_path / "own.csv", content), OPTIONS)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "is empty"),
        ("\n\n", "is empty"),
        (HEADER + "\n", "a header but no images"),
        ("hello\n", "begins with 'hello', 1 cell"),
        ("a,b\n", "2 cells"),
        ("cat,1,2,3\ndog,1,2,3,4\n", "invalid line"),
        (",".join(["1"] * 791) + "\n", "790 hold pixels: no square image"),
        ((",".join(["1"] * 786) + "\n") * 3, "either the first column or column 2 of .* may hold the labels"),
        ("pixel0,pixel1,pixel2,pixel3\n1,2,3,4\n", "no labels"),
        ("\n".join(lines()).encode("utf-16"), "UTF-16"),
        ("\n".join(lines()).encode("latin-1").replace(b"cat", b"c\xe4t"), "not UTF-8 text, as line 1 shows; .* Save it as UTF-8"),
        ("\n".join([HEADER.replace("label", "Gr\xf6\xdfe"), *lines()]).encode("latin-1"), "not UTF-8 text, as line 1 shows"),
        ("\n".join([*lines()[:9], "B\xe4ume" + ",1" * 16, *lines()]).encode("cp1252"), "not UTF-8 text, as line 10 shows"),
        (lines(labels=["cat"] * 20), "one class, 'cat'"),
        (lines(labels=[str(index) for index in range(20)])[:2], "2 images, too few"),
        (b"cat," + b"1" * 2**24 + b"\n", "line 1 .*16 MB"),
        ("\r".join([HEADER, *lines()]), "line 1 .* holds carriage returns"),
        ("\n".join([*lines(), 'cat,"1\r2"' + ",1" * 15]), "line 21 .* holds carriage returns"),
        (gzip.compress("\n".join(lines()).encode()), "is a gzip archive"),
        (b"PK\3\4" + b"\0" * 99, "is a zip archive, not a text table. Unpack it and pass what is in it"),
        ("<!DOCTYPE html><html>", "is an HTML page, not a text table. Download the file itself"),
        ("version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\n", "Git LFS, not a text table. Fetch .* with git lfs pull"),
        (b"," * 5_000_000 + b"\n1", "5,000,001 columns, more than an image of 1,024 × 1,024"),
    ],
)  # fmt: skip
def test_what_is_no_table_of_images_is_one_sentence(content: str | bytes | list[str], words: str, tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=words):
        read_table(table(tmp_path / "own.csv", content), OPTIONS)


WIDE = {"quoted": '"",', "empty": ",", "quoted, semicolons": '"";', "quoted, tabs": '""\t', "quoted, blanks": '"" ', "blanks": "a ",
        "letters": "a,", "numbered alike": "p1,"}  # fmt: skip


@pytest.mark.parametrize("cells", WIDE.values(), ids=WIDE)
@pytest.mark.parametrize("first", ["", "label,", "1,", "a,"])
def test_a_line_of_many_cells_that_are_alike_is_not_looked_at_cell_by_cell(
    first: str, cells: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked = []
    monkeypatch.setattr(csv_layout, "is_number", lambda cell: (looked.append(cell), is_number(cell))[1])
    with pytest.raises(DatasetError):
        read_table(table(tmp_path / "own.csv", first + cells * 20_000), OPTIONS)
    assert len(looked) < 50


@pytest.mark.slow
def test_columns_of_many_kinds_between_pixels_are_left_out(tmp_path: Path) -> None:
    """In a time that grows with their number: with its square, this takes minutes."""
    side, others = 250, 50_000
    names = [f"p{index}" for index in range(side * side)]
    between = map(chr, range(0x20000, 0x20000 + others))
    mixed = [*(name for pair in zip(names, between, strict=False) for name in pair), *names[others:]]
    layout = find_layout(table(tmp_path / "own.csv", ",".join(mixed)))
    assert (layout.leading, layout.trailing, layout.pixels) == (others, 0, side * side)


def test_tables_of_different_widths_are_refused(tmp_path: Path) -> None:
    table(tmp_path / "train.csv", lines())
    table(tmp_path / "test.csv", lines(images=np.concatenate([IMAGES, IMAGES[:, :9]], axis=1)))
    with pytest.raises(DatasetError, match="25 pixels per line.* 16"):
        read_tables(tmp_path, OPTIONS)


@pytest.mark.budget
def test_a_thousand_lines_of_mnist_take_at_most_half_a_second(tmp_path: Path) -> None:
    """Kaggle's 42,000 take one second on a machine that does nothing else; this allows for one that does."""
    images = np.random.default_rng(0).integers(0, 256, (1000, 784), dtype=np.uint8)
    path = table(tmp_path / "own.csv", lines(labels=["1", "2"] * 500, images=images))

    def seconds() -> float:
        started = time.perf_counter()
        read_table(path, OPTIONS)
        return time.perf_counter() - started

    assert min(seconds() for _ in range(3)) <= 0.5


PRINTED = st.characters(codec="utf-8", exclude_characters='",\ufeff', exclude_categories=["Cc", "Cs"])
TEXT = st.text(PRINTED, min_size=1, max_size=5).map(str.strip).filter(bool).filter(str.isprintable)


@settings(max_examples=40, deadline=None)
@given(
    images=hnp.arrays(np.uint8, st.tuples(st.integers(6, 12), st.just(9))),
    names=st.lists(TEXT.map(lambda text: unicodedata.normalize("NFC", f"n{text}")), min_size=2, max_size=3, unique=True),
)
def test_what_was_written_comes_back(images: np.ndarray, names: list[str], tmp_path_factory: pytest.TempPathFactory) -> None:
    images[:, 0] = np.arange(len(images)) + 2  # no two alike, and not all black and white
    labels = (names * 12)[: len(images)]
    header = ",".join(["label", *(f"p{index}" for index in range(9))])
    path = table(tmp_path_factory.mktemp("table") / "own.csv", [header, *lines(labels=labels, images=images)])
    dataset = read_table(path, OPTIONS)
    found = {
        image.tobytes(): dataset.class_names[label]
        for split in (dataset.train, dataset.test)
        for image, label in zip(split.images, split.labels, strict=True)
    }
    assert found == {image.tobytes(): label for image, label in zip(images, labels, strict=True)}


WHOLE = "\n".join([HEADER, *lines()[:8]]).encode()


@settings(max_examples=200, deadline=None)
@given(data=st.data())
def test_mutated_bytes_give_a_dataset_or_complaints(data: st.DataObject, tmp_path_factory: pytest.TempPathFactory) -> None:
    content = bytearray(WHOLE)
    for _ in range(data.draw(st.integers(0, 6))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path = table(tmp_path_factory.mktemp("table") / "own.csv", bytes(content[: data.draw(st.integers(0, len(content)))]))
    complaint = ""
    try:
        read_table(path, OPTIONS)
    except ConvscopeError as error:
        complaint = str(error)
    assert not complaint or repr(str(path)) in complaint
