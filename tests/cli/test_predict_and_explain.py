"""``convscope predict`` and ``convscope explain``; tests that start a process are slow."""

from __future__ import annotations

import csv
import json
import os
import re
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import convscope
from convscope.api.explain import default_page
from convscope.api.output import check_output
from convscope.api.run import Run
from convscope.cli.main import main
from convscope.data.dataset import Dataset
from convscope.errors import ConfigError, OutputError, PictureError

Completed = subprocess.CompletedProcess[str]


def started(*arguments: object, **keywords: Any) -> Completed:
    command = [sys.executable, "-m", "convscope", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False, **keywords)


@pytest.fixture
def pictures(digits_run: Run, tmp_path: Path) -> Path:
    """Two test images as drawings on paper, one in a sub-folder, and one file that is no image."""
    (tmp_path / "more").mkdir()
    for number, name in enumerate(("a.png", "more/b.jpg")):
        image = Image.fromarray(255 - digits_run.dataset.test.images[number, ..., 0])
        image.resize((160, 160), Image.Resampling.NEAREST).save(tmp_path / name, quality=100)
    (tmp_path / "notes.txt").write_text("hello")
    return tmp_path


@pytest.fixture
def in_pictures(pictures: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(pictures)
    return pictures


def test_the_prediction_is_on_one_line_and_the_preprocessing_below(
    digits_run: Run, in_pictures: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["predict", str(digits_run.folder), "a.png", "--top", "2"]) == 0
    first, second = capsys.readouterr().out.splitlines()
    answer = convscope.predict(digits_run, "a.png")[0]
    assert re.fullmatch(rf"a\.png: {answer.class_name} (> )?\d+\.\d\d%  \(then \d (< )?\d+\.\d\d%\)", first)
    assert second.startswith("  inverted, ")
    assert second.endswith(", centred")


def test_the_example_needs_no_file(
    digits_run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, no_figures: None
) -> None:
    monkeypatch.chdir(tmp_path)
    assert convscope.predict(digits_run.folder, "example")[0].class_name == "4"
    assert convscope.explain(digits_run.folder, "example").page == Path("example.explained.html")


def test_files_folders_and_patterns_may_be_mixed_and_quiet_is_one_line_each(
    digits_run: Run, in_pictures: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["predict", str(digits_run.folder), "a.png", "more", "**/*.jpg", ".", "--quiet", "--top", "1"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(": ")[0] for line in lines] == ["a.png", "more/b.jpg", "more/b.jpg", "./a.png", "./more/b.jpg"] or [
        line.split(": ")[0] for line in lines
    ] == ["a.png", "more/b.jpg", "more/b.jpg", "a.png", "more/b.jpg"]
    assert all(re.fullmatch(r"\S+: \d (> )?\d+\.\d\d%", line) for line in lines)


def test_json_has_everything(digits_run: Run, in_pictures: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["predict", str(digits_run.folder), "a.png", "notes.txt", "--json"]) == 1
    printed = capsys.readouterr()
    found = json.loads(printed.out)
    expected = convscope.predict(digits_run, "a.png")[0]
    assert found["predictions"][0]["class_name"] == expected.class_name
    assert found["predictions"][0]["probability"] == pytest.approx(expected.probability)
    assert found["predictions"][0]["preprocessing_steps"] == list(expected.preprocessing_steps)
    assert found["predictions"][0]["distance"] == pytest.approx(expected.distance)
    assert len(found["predictions"][0]["top"]) == 3
    assert [bad["name"] for bad in found["bad"]] == ["notes.txt"]
    assert printed.err.startswith("convscope: error: 'notes.txt' is of unknown format")


def test_unreadable_files_are_one_line_each_and_the_others_are_classified(
    digits_run: Run, in_pictures: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("bad\x1b[31m.png").write_bytes(b"")
    words = ["notes.txt", "a.png", "absent.png", "*.gif", "https://example.org/a.png", "bad\x1b[31m.png"]
    assert main(["predict", str(digits_run.folder), *words, "--quiet"]) == 1
    printed = capsys.readouterr()
    assert printed.out.startswith("a.png: ")
    assert printed.out.count("\n") == 1
    assert [line.startswith("convscope: error: ") for line in printed.err.splitlines()] == [True] * 5
    assert "\x1b" not in printed.err


def test_an_out_of_distribution_image_gets_a_warning_even_with_quiet(
    digits_run: Run, in_pictures: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    square = np.zeros((8, 8), np.uint8)
    square[1:7, 1:7] = 255
    Image.fromarray(square).save("square.png")
    assert main(["predict", str(digits_run.folder), "square.png", "--quiet"]) == 0
    assert "convscope: warning: square.png is out of distribution" in capsys.readouterr().err


def test_a_missing_measurement_is_reported_with_its_reason(
    digits_run: Run, in_pictures: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = str(digits_run.folder / "model.onnx")
    assert main(["predict", model, "a.png"]) == 0
    (note,) = capsys.readouterr().err.splitlines()
    assert note.startswith("convscope: note: ")
    assert main(["predict", model, "a.png", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert "run folder" in found["ood_unavailable_reason"]
    assert found["predictions"][0]["out_of_distribution"] is None
    assert main(["predict", str(digits_run.folder), "a.png"]) == 0
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (["a.png", "--top", "0"], 2, "top.*0"),
        ([], 2, "IMAGE"),
        (["a.png", "--topp", "1"], 2, "No such option"),
    ],
)
def test_wrong_usage_is_an_error(
    arguments: list[str], status: int, words: str, digits_run: Run, in_pictures: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["predict", str(digits_run.folder), *arguments]) == status
    assert re.search(words, capsys.readouterr().err)


@pytest.mark.usefixtures("no_figures")
def test_the_page_opens_at_the_image(digits_run: Run, in_pictures: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", str(digits_run.folder), "more/b.jpg"]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "page: b.explained.html"
    page = Path("b.explained.html").read_text("utf-8")
    island = re.search(r'<script type="application/json" id="payload">(.*?)</script>', page, re.DOTALL)
    assert island
    payload = json.loads(island[1])
    found = convscope.predict(digits_run, "more/b.jpg")
    assert payload["opened"]["name"] == "more/b.jpg"
    assert np.array_equal(payload["opened"]["pixels"], found.prepared[0])
    assert payload["opened"]["done"] == list(found.preprocessing_steps[0])
    assert payload["evidence"] is not None


@pytest.mark.slow
@pytest.mark.usefixtures("no_figures")
def test_nothing_is_overwritten_without_the_flag(
    digits_run: Run, in_pictures: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("a.explained.html").write_text("mine")
    assert main(["explain", str(digits_run.folder), "a.png"]) == 1
    assert "'a.explained.html'" in capsys.readouterr().err
    assert Path("a.explained.html").read_text() == "mine"
    assert main(["explain", str(digits_run.folder), "a.png", "--overwrite", "--quiet"]) == 0
    assert capsys.readouterr().out == "a.explained.html\n"
    assert Path("a.explained.html").read_text("utf-8").startswith("<!")
    before = sorted(digits_run.folder.rglob("*"))
    explanation = convscope.explain(digits_run, digits_run.dataset.test.images[0], out="other.html")
    assert (explanation.page, explanation.prediction.preprocessing_steps) == (Path("other.html"), ("used unchanged",))
    assert sorted(digits_run.folder.rglob("*")) == before


@pytest.mark.usefixtures("no_figures")
def test_only_one_image_is_explained_at_a_time(digits_run: Run, in_pictures: Path) -> None:
    with pytest.raises(ConfigError, match="2 images"):
        convscope.explain(digits_run, ".")
    assert sorted(os.listdir()) == ["a.png", "more", "notes.txt"]


@pytest.mark.parametrize(
    ("name", "page"),
    [
        ("photo.jpg", "photo"),
        ("a/b/photo.jpg", "photo"),
        ("picture 0", "picture-0"),
        ("..", "picture"),
        ("a<b>:c*.png", "a-b-c"),
        ("ü数.png", "ü数"),
        (".hidden.png", "hidden"),
        ("x" * 300 + ".png", "x" * 100),
        ("", "picture"),
    ],
)
def test_pages_are_named_after_the_image_file_in_a_way_that_every_system_accepts(name: str, page: str) -> None:
    assert default_page(name) == Path(f"{page}.explained.html")


def test_an_output_is_no_folder_and_no_existing_file_unless_it_may_be_replaced(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=re.escape(repr(str(tmp_path)))):
        check_output(tmp_path, overwrite=True)
    (file := tmp_path / "page.html").touch()
    with pytest.raises(OutputError, match=r"out=FILE.*overwrite=True"):
        check_output(file, overwrite=False)
    assert check_output(str(file), overwrite=True) == file


@pytest.mark.budget
def test_the_first_prediction_comes_within_a_second_of_the_start(digits_run: Run, pictures: Path) -> None:
    def seconds() -> float:
        begun = time.perf_counter()
        assert started("predict", digits_run.folder, pictures / "a.png").returncode == 0
        return time.perf_counter() - begun

    assert min(seconds() for _ in range(5)) <= 1


@pytest.mark.slow
def test_standard_input_is_an_image_file_like_any_other(digits_run: Run, pictures: Path) -> None:
    with (pictures / "a.png").open("rb") as file:
        piped = started("predict", digits_run.folder, "-", pictures / "more" / "b.jpg", stdin=file)
    assert (piped.returncode, piped.stderr) == (0, "")
    assert piped.stdout.startswith("standard input: ")
    named = started("predict", digits_run.folder, pictures / "a.png")
    assert piped.stdout.splitlines()[0].split(": ")[1] == named.stdout.splitlines()[0].split(": ")[1]
    nothing = started("predict", digits_run.folder, "-", stdin=subprocess.DEVNULL)
    assert nothing.returncode == 1
    assert nothing.stderr.startswith("convscope: error: ")
    assert "standard input" in nothing.stderr


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="pseudo-terminals are POSIX")
def test_a_terminal_is_not_waited_for(digits_run: Run) -> None:
    import pty

    ours, theirs = pty.openpty()
    result = started("predict", digits_run.folder, "-", stdin=theirs)
    os.close(ours)
    os.close(theirs)
    assert result.returncode == 2
    assert "terminal" in result.stderr


@pytest.mark.slow
def test_a_pipe_among_the_files_is_not_waited_for(digits_run: Run, pictures: Path) -> None:
    os.mkfifo(pictures / "pipe.png")
    result = started("predict", digits_run.folder, pictures, "--quiet")
    assert result.returncode == 1
    assert "pipe.png'" in result.stderr
    assert result.stdout.count("\n") == 2


@pytest.mark.slow
def test_names_that_are_no_text_do_no_harm(digits_run: Run, pictures: Path) -> None:
    folder = pictures / "odd"
    folder.mkdir()
    for name in (b"cl\xff.png", b"new\nline.png", b"\x1b[31mred.png"):
        shutil.copy(pictures / "a.png", os.fsdecode(os.fsencode(folder) + b"/" + name))
    for options in ([], ["--json"]):
        result = started("predict", digits_run.folder, folder, *options)
        assert (result.returncode, "\x1b" in result.stdout) == (0, False)
    assert [each["name"].rsplit("/", 1)[1] for each in json.loads(result.stdout)["predictions"]] == [
        r"\u001b[31mred.png", r"cl\udcff.png", r"new\nline.png"]  # fmt: skip


@pytest.mark.slow
def test_several_predictions_at_once_do_not_disturb_each_other(digits_run: Run, pictures: Path) -> None:
    results: list[Completed] = []

    def predict() -> None:
        results.append(started("predict", digits_run.folder, pictures, "--quiet"))

    threads = [threading.Thread(target=predict) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({result.stdout for result in results}) == 1
    assert all(result.returncode == 0 for result in results)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("header", "extra", "head", "ids"),
    [
        (True, None, "ImageId", [str(n) for n in range(1, 6)]),
        (False, None, "ImageId", [str(n) for n in range(1, 6)]),
        (True, ("id", [f"im-{n}" for n in range(5)]), "id", [f"im-{n}" for n in range(5)]),
        (True, ("Index", [str(n + 40) for n in range(5)]), "Index", [str(n + 40) for n in range(5)]),
        (True, ("label", ["0"] * 5), "ImageId", [str(n) for n in range(1, 6)]),
        (False, ("", ["0"] * 5), "ImageId", [str(n) for n in range(1, 6)]),
    ],
)
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_a_table_without_labels_is_answered_in_its_order(
    header: bool,
    extra: Any,
    head: str,
    ids: list[str],
    delimiter: str,
    digits_run: convscope.Run,
    digits: Dataset,
    tmp_path: Path,
) -> None:
    rows = [[*([extra[1][n]] if extra else []), *map(str, digits.test.images[n].ravel())] for n in range(5)]
    first = [[*([extra[0]] if extra else []), *(f"pixel{n}" for n in range(64))]] if header else []
    (tmp_path / "test.csv").write_text("\n".join(delimiter.join(row) for row in [*first, *rows]))
    command = ["predict", str(digits_run.folder), str(tmp_path / "test.csv"), "--csv", str(tmp_path / "answers.csv")]
    assert main(command) == 0
    told = list(csv.reader((tmp_path / "answers.csv").read_text("utf-8").splitlines()))
    expected = [digits.class_names[label] for label in digits_run.evaluation.predictions[:5]]
    assert told == [[head, "Label"], *map(list, zip(ids, expected, strict=True))]
    assert main(command) == 1
    found = convscope.predict(digits_run, str(tmp_path / "test.csv"))
    assert found.names == tuple(f"test.csv line {n + 1 + header}" for n in range(5))


@pytest.mark.slow
@pytest.mark.parametrize("form", [lambda x: x, lambda x: x[..., 0], lambda x: x.reshape(len(x), -1), lambda x: x / 255])
@pytest.mark.parametrize("key", ["x", "x_test", "X_test", "test_images"])
def test_the_images_of_an_npz_file_are_answered_in_their_order(
    key: str, form: Any, digits_run: convscope.Run, digits: Dataset, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    more = {} if key == "x" else {"x": digits.test.images[5:], "x_train": digits.train.images, "y_test": np.zeros(30)}
    np.savez(tmp_path / "new.npz", **{key: form(digits.test.images[:30])}, **more)
    assert main(["predict", str(digits_run.folder), str(tmp_path / "new.npz"), "--csv", str(tmp_path / "answers.csv")]) == 0
    told = list(csv.reader((tmp_path / "answers.csv").read_text("utf-8").splitlines()))
    expected = [digits.class_names[label] for label in digits_run.evaluation.predictions[:30]]
    assert told == [["ImageId", "Label"], *([str(n), name] for n, name in enumerate(expected, 1))]
    found = convscope.predict(digits_run, tmp_path / "new.npz")
    assert found.names[29] == f"{'x' if key == 'x' else 'x_test'} row 29"
    np.savez(tmp_path / "hundred.npz", x=digits.test.images[:30] / 2.55)
    command = ["predict", str(digits_run.folder), str(tmp_path / "hundred.npz"), "--csv", str(tmp_path / "again.csv")]
    assert main(command) == 1
    assert "Pass the values of black and white, such as --pixel-range 0..100" in capsys.readouterr().err
    assert main([*command, "--pixel-range", "0..100"]) == 0
    assert (tmp_path / "again.csv").read_text() == (tmp_path / "answers.csv").read_text()
    again = convscope.predict(digits_run, tmp_path / "hundred.npz", pixel_range=(0, 100))
    assert [each.class_name for each in again] == expected
    arrays = convscope.predict(digits_run, digits.test.images[:30] / 2.55, pixel_range=(0, 100))
    assert [each.class_name for each in arrays] == expected
    with pytest.raises(PictureError, match=r"an array has values from 0 to 255, outside pixel_range=\(0, 100\)"):
        convscope.predict(digits_run, digits.test.images[0], pixel_range=(0, 100))
    np.savez(tmp_path / "other.npz", pictures=digits.test.images)
    assert main(["predict", str(digits_run.folder), str(tmp_path / "other.npz")]) == 1
    assert "must hold x_test (or x); found pictures" in capsys.readouterr().err


def test_the_table_of_predictions_names_every_file(digits_run: convscope.Run, tmp_path: Path, digits: Dataset) -> None:
    for number in range(3):
        Image.fromarray(digits.test.images[number, ..., 0]).save(tmp_path / f"{number}.png")
    (tmp_path / "3.png").write_bytes(b"none")
    main(["predict", str(digits_run.folder), str(tmp_path), "--csv", str(tmp_path / "answers.csv")])
    told = list(csv.DictReader((tmp_path / "answers.csv").read_text("utf-8").splitlines()))
    assert [Path(row["file"]).name for row in told] == ["0.png", "1.png", "2.png", "3.png"]
    assert [row["class_name"] for row in told[:3]] == [str(label) for label in digits_run.evaluation.predictions[:3]]
    assert "3.png" in told[3]["error"]
