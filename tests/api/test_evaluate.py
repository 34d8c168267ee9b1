"""Evaluation on other people's data: all images, classes by name, and what the run has already seen."""

from __future__ import annotations

import csv
import gzip
import json
import shutil
import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import convscope
from convscope.cli.main import main
from convscope.data.dataset import Dataset, Split
from convscope.data.load import reload_dataset
from convscope.errors import ConfigError, DatasetError
from convscope.runs import run_folder
from convscope.types import Images, Labels

Writer = Callable[[Path, Images, Labels], Path]


@pytest.fixture
def digits_run(digits_run: convscope.Run, tmp_path_factory: pytest.TempPathFactory) -> convscope.Run:
    """A copy: evaluating other data writes a line into the run's ledger."""
    return convscope.load_run(shutil.copytree(digits_run.folder, tmp_path_factory.mktemp("copy") / "run"))


def npz(folder: Path, images: Images, labels: Labels) -> Path:
    np.savez(folder / "some.npz", x=images, y=labels)
    return folder / "some.npz"


def npz_test_only(folder: Path, images: Images, labels: Labels) -> Path:
    np.savez(folder / "some.npz", x_test=images, y_test=labels)
    return folder / "some.npz"


def npz_texts_backwards(folder: Path, images: Images, labels: Labels) -> Path:
    np.savez(folder / "some.npz", x=images[::-1], y=np.array([str(label) for label in labels])[::-1])
    return folder / "some.npz"


def table(folder: Path, images: Images, labels: Labels, name: str = "some.csv") -> Path:
    lines = ["label," + ",".join(f"p{number}" for number in range(64))]
    lines += [f"{label}," + ",".join(map(str, image.ravel())) for image, label in zip(images, labels, strict=True)]
    (folder / name).write_text("\n".join(lines))
    return folder / name


def table_test_only(folder: Path, images: Images, labels: Labels) -> Path:
    return table(folder, images, labels, "test.csv").parent


def idx_test_only(folder: Path, images: Images, labels: Labels) -> Path:
    header = struct.pack(">4I", 0x803, len(images), 8, 8)
    (folder / "t10k-images-idx3-ubyte.gz").write_bytes(gzip.compress(header + images.tobytes()))
    (folder / "t10k-labels-idx1-ubyte").write_bytes(
        struct.pack(">2I", 0x801, len(labels)) + labels.astype(np.uint8).tobytes()
    )
    return folder


def files(folder: Path, images: Images, labels: Labels) -> Path:
    for number, (image, label) in enumerate(zip(images, labels, strict=True)):
        (folder / str(label)).mkdir(parents=True, exist_ok=True)
        Image.fromarray(image[..., 0]).save(folder / str(label) / f"{number}.png")
    return folder


def files_test_only(folder: Path, images: Images, labels: Labels) -> Path:
    files(folder / "test", images, labels)
    return folder


FORMS: list[Writer] = [
    npz,
    npz_test_only,
    npz_texts_backwards,
    table,
    table_test_only,
    idx_test_only,
    files,
    files_test_only,
]


@pytest.mark.slow
@pytest.mark.parametrize("write", FORMS)
@pytest.mark.parametrize(("classes", "number"), [((2, 5, 7), 12), ((3,), 5), ((8,), 1), ((9, 0), 2)])
def test_every_image_of_data_without_a_test_split_is_measured_under_its_own_name(
    write: Writer, classes: tuple[int, ...], number: int, digits_run: convscope.Run, digits: Dataset, tmp_path: Path
) -> None:
    rows = np.flatnonzero(np.isin(digits.test.labels, classes))[:number]
    expected = int((digits_run.evaluation.predictions[rows] == digits.test.labels[rows]).sum())
    found = convscope.evaluate(digits_run, write(tmp_path, digits.test.images[rows], digits.test.labels[rows]))
    assert len(found) == len(rows) == len(found.names)
    assert len(found) - found.errors == expected
    assert found.class_names == digits.class_names
    assert found.data is not None
    assert (found.data.used, found.data.is_own_test_split) == (len(rows), False)
    absent = set(digits.class_names) - {str(label) for label in digits.test.labels[rows]}
    assert set(found.data.classes.absent) == absent
    assert json.dumps(found.data.as_dict())


@pytest.mark.slow
@pytest.mark.parametrize("write", [files, files_test_only, npz_texts_backwards])
@pytest.mark.parametrize("order", ["2,5,7", "7,2,5"])
def test_classes_that_class_names_rename_are_reported_by_their_own_names(
    write: Writer, order: str, digits_run: convscope.Run, digits: Dataset, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = np.flatnonzero(np.isin(digits.test.labels, (2, 5, 7)))[:9]
    letters = np.array([{2: "w", 5: "x", 7: "y"}[label] for label in digits.test.labels[rows].tolist()])
    arguments = ["evaluate", str(digits_run.folder), str(write(tmp_path, digits.test.images[rows], letters))]
    assert main([*arguments, "--class-names", order, "--json"]) == 0
    expected = dict(zip("wxy", order.split(","), strict=True))
    assert json.loads(capsys.readouterr().out)["data"]["classes"]["matched"] == expected
    assert main([*arguments, "--class-names", order]) == 0
    shown = ", ".join(f"{old} as {new}" for old, new in expected.items())
    assert f"classes with another name: {shown}\n" in capsys.readouterr().out


def test_images_that_the_run_was_trained_on_are_counted_and_measured_apart(
    digits_run: convscope.Run, digits: Dataset, tmp_path: Path
) -> None:
    seen, new = digits.train.take(np.arange(30)), digits.test.take(np.arange(50))
    images, labels = np.concatenate([seen.images, new.images]), np.concatenate([seen.labels, new.labels])
    found = convscope.evaluate(digits_run, npz(tmp_path, images, labels))
    assert found.data is not None
    assert found.data.overlap is not None
    in_both = {image.tobytes() for image in digits.train.images}
    expected = [image.tobytes() in in_both for image in images]
    assert found.data.overlap.n == sum(expected) >= 30
    others = [index for index, both in enumerate(expected) if not both]
    assert found.data.overlap.accuracy_of_others == pytest.approx(np.mean(found.predictions[others] == labels[others]))
    assert found.data.overlap.images[:2] == ("x row 0", "x row 1")


def test_images_that_nearly_equal_training_images_count_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    random = np.random.default_rng(0)
    images, labels = random.integers(0, 200, (60, 24, 24), np.uint8), np.arange(60) % 2
    own = tmp_path / "own.npz"
    np.savez(own, x_train=images[:40], y_train=labels[:40], x_test=images[40:50], y_test=labels[40:50])
    run = convscope.train(own, model="logistic", recipe="sprint", out=tmp_path / "run", report=False)
    brighter = images[:5] + np.uint8(9)
    both = np.concatenate([images[5:7], brighter, images[50:]])
    data = npz(tmp_path, both, np.concatenate([labels[5:7], labels[:5], labels[50:]]))
    found = convscope.evaluate(run, data)
    assert found.data is not None
    assert found.data.overlap is not None
    assert (found.data.overlap.n, found.data.overlap.near, found.data.overlap.others) == (2, 5, 10)
    assert sorted(found.data.overlap.images) == [f"x row {row}" for row in range(7)]
    assert main(["evaluate", str(run.folder), str(data)]) == 0
    assert "\n7 of 17 images equal training images of the run (5 of them nearly): x row 0, " in capsys.readouterr().out


def test_the_digits_of_scikit_learn_are_all_test_images_of_other_runs(digits_run: convscope.Run, run_copy: Path) -> None:
    assert len(convscope.evaluate(digits_run, "digits")) == 359  # those that this run has not seen
    request = json.loads((run_copy / "run.json").read_text("utf-8"))
    request["dataset"] |= {"source": "elsewhere", "fingerprint": "0" * 64}
    (run_copy / "run.json").write_text(json.dumps(request), "utf-8")
    run_folder.write_manifest(run_copy)
    assert len(convscope.evaluate(run_copy, "digits")) == 1797


@pytest.mark.slow
def test_the_runs_own_data_keep_the_test_images_that_were_held_out(tmp_path: Path, digits: Dataset) -> None:
    some = Split(digits.train.images[:200], digits.train.labels[:200])
    data = npz(tmp_path, some.images, some.labels)
    run = convscope.train(data, recipe="sprint", epochs=1, out=tmp_path / "run", report=False)
    found = convscope.evaluate(tmp_path / "run", data)
    assert found.data is not None
    assert found.data.is_own_test_split
    np.testing.assert_array_equal(found.predictions, run.evaluation.predictions)
    moved = Path(data).rename(tmp_path / "moved.npz")
    found = convscope.evaluate(tmp_path / "run", moved)
    assert found.data is not None
    assert (len(found), found.data.is_own_test_split) == (40, True)
    (tmp_path / "others").mkdir()
    found = convscope.evaluate(tmp_path / "run", npz(tmp_path / "others", digits.test.images, digits.test.labels))
    assert found.data is not None
    assert (len(found), found.data.overlap) == (359, None)
    assert "some.npz" in found.data.overlap_unknown


def test_the_table_of_an_evaluation_names_every_file(digits_run: convscope.Run, digits: Dataset, tmp_path: Path) -> None:
    data = files(tmp_path / "data", digits.test.images[:20], digits.test.labels[:20])
    answers = tmp_path / "answers.csv"
    assert main(["evaluate", str(digits_run.folder), str(data), "--csv", str(answers), "--json"]) == 0
    rows = list(csv.DictReader(answers.read_text("utf-8").splitlines()))
    assert {row["file"] for row in rows} == {f"{label}/{n}.png" for n, label in enumerate(digits.test.labels[:20])}
    for row in rows:
        number = int(Path(row["file"]).stem)
        assert row["true"] == str(digits.test.labels[number])
        assert row["predicted"] == str(digits_run.evaluation.predictions[number])
        assert row["correct"] == ("yes" if row["true"] == row["predicted"] else "no")
    assert main(["mistakes", str(digits_run.folder), "--csv", str(tmp_path / "mistakes.csv"), "--quiet"]) == 0
    rows = list(csv.DictReader((tmp_path / "mistakes.csv").read_text("utf-8").splitlines()))
    assert {row["file"] for row in rows} == {digits.test.names[index] for index in digits_run.evaluation.mistakes.tolist()}
    before = answers.read_text("utf-8")
    assert main(["evaluate", str(digits_run.folder), str(data), "--csv", str(answers)]) == 1
    assert answers.read_text("utf-8") == before


def test_other_tables_name_every_image_and_every_run(
    digits_run: convscope.Run, run_copy: Path, digits: Dataset, tmp_path: Path
) -> None:
    data = files(tmp_path / "data", digits.test.images[:40], digits.test.labels[:40])
    assert main(["data", str(data), "--csv", str(tmp_path / "data.csv"), "--json"]) == 0
    rows = list(csv.DictReader((tmp_path / "data.csv").read_text("utf-8").splitlines()))
    assert sorted(row["file"] for row in rows) == sorted(
        f"{label}/{n}.png" for n, label in enumerate(digits.test.labels[:40])
    )
    assert all(row["file"].split("/")[0] == row["class_name"] for row in rows)
    assert main(["compare", str(digits_run.folder), str(run_copy), "--csv", str(tmp_path / "runs.csv"), "--json"]) == 0
    compared = list(csv.DictReader((tmp_path / "runs.csv").read_text("utf-8").splitlines()))
    assert [float(row["accuracy"]) for row in compared] == [digits_run.evaluation.accuracy] * 2


def test_runs_with_other_class_names_are_no_evidence(digits_run: convscope.Run, run_copy: Path) -> None:
    request = json.loads((run_copy / "run.json").read_text("utf-8"))
    request["dataset"]["class_names"] = request["dataset"]["class_names"][::-1]
    (run_copy / "run.json").write_text(json.dumps(request), "utf-8")
    run_folder.write_manifest(run_copy)
    for ask in (
        lambda: convscope.mistakes(digits_run, others=[run_copy]),
        lambda: convscope.compare([digits_run, run_copy]),
    ):
        with pytest.raises(ConfigError):
            ask()
    with pytest.raises(DatasetError, match="classes"):
        reload_dataset(request["dataset"])
