"""Each format, opened with the runtime that its users have."""

from __future__ import annotations

import io
import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import ExifTags, Image

import convscope
from convscope.api.export import Export
from convscope.api.run import Run
from convscope.cli.main import main
from convscope.errors import ConfigError, ConvscopeError, MissingBackendError, OutputError, RunError
from convscope.exporters import formats, tensorflow, verification
from convscope.exporters.verification import compare
from convscope.runs import ledger

from ..handwriting import penned, photo_of_sheet  # type: ignore[import-not-found]

FORMATS = ("onnx", "keras", "saved_model", "litert")


@pytest.fixture(scope="module")
def own_run(digits_run: Run, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A copy, because each export is entered in its ledger."""
    return convscope.load_run(shutil.copytree(digits_run.folder, tmp_path_factory.mktemp("run") / "digits"))


class Exports(dict[str, Export]):
    """The exports by format; a test of one that cannot be made here is skipped with the reason that the product gives."""

    def __init__(self) -> None:
        super().__init__()
        self.missing: dict[str, str] = {}

    def __missing__(self, name: str) -> Export:
        pytest.skip(self.missing[name])


@pytest.fixture(scope="module")
def exports(own_run: Run, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Export]:
    folder, found = tmp_path_factory.mktemp("exports"), Exports()
    for name in FORMATS:
        try:
            found[name] = convscope.export(own_run, name, out=folder / f"net{formats.ENDINGS[name]}")
        except MissingBackendError as error:  # the lowest version of Keras has no LiteRT, and the highest of TensorFlow none
            assert name == "litert"
            found.missing[name] = str(error)
    return found


@pytest.mark.slow
@pytest.mark.parametrize("name", FORMATS)
def test_every_test_image_gets_the_class_and_the_logits_of_the_run(
    name: str, exports: dict[str, Export], digits_run: Run
) -> None:
    found = exports[name]
    assert len(found.agreement) == found.num_test == 359
    assert found.agreement.mismatched_classes == 0
    assert np.abs(found.agreement.logits - digits_run.evaluation.logits).max() <= 1e-4
    assert found.path.exists()
    assert not [entry for entry in found.path.parent.iterdir() if entry.name.startswith(".")]


def test_the_contract_is_in_every_file(exports: dict[str, Export]) -> None:
    import zipfile

    import onnx

    wanted = exports["onnx"].contract.as_dict()
    (text,) = [entry.value for entry in onnx.load(exports["onnx"].path).metadata_props if entry.key == "convscope"]
    found = {
        "onnx": json.loads(text),
        "keras": json.loads(zipfile.ZipFile(exports["keras"].path).read("metadata.json"))["convscope"],
        "saved_model": json.loads((exports["saved_model"].path / "assets.extra" / "convscope.json").read_text("utf-8")),
        "litert": json.loads(zipfile.ZipFile(exports["litert"].path).read("convscope.json")),
    }
    assert found == dict.fromkeys(FORMATS, wanted)


def test_keras_opens_the_archive_as_its_own(exports: dict[str, Export], digits_run: Run) -> None:
    from convscope.models.saving import load_model

    images = digits_run.dataset.test.images[:5] / np.float32(255)
    assert np.allclose(load_model(exports["keras"].path)(images), digits_run.evaluation.probabilities[:5], atol=1e-5)


def test_an_onnx_file_alone_preprocesses_digits_as_its_run_does(
    exports: dict[str, Export], digits_run: Run, tmp_path: Path
) -> None:
    """A dark digit on white paper, larger than the network's input."""
    paper = np.full((60, 80), 230, np.uint8)
    paper[12:52, 38:46] = 30
    Image.fromarray(paper).save(tmp_path / "one.png")
    alone, whole = (convscope.predict(source, tmp_path / "one.png") for source in (exports["onnx"].path, digits_run.folder))
    assert np.array_equal(alone.prepared, whole.prepared)
    assert alone.preprocessing_steps == whole.preprocessing_steps
    assert "inverted" in alone.preprocessing_steps[0]
    assert np.allclose(alone.probabilities, whole.probabilities)


def test_the_keras_file_of_a_run_is_exported_where_keras_is_not_installed(
    digits_run: Run, run_copy: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "tensorflow", None)
    monkeypatch.setenv("KERAS_BACKEND", "tensorflow")
    assert main(["export", str(run_copy), "--format", "keras", "--out", str(tmp_path / "net.keras")]) == 0
    assert "net.keras: copied from the run; comparing its predictions needs Keras" in capsys.readouterr().out
    monkeypatch.undo()
    images = digits_run.dataset.test.images[:9]
    alone, whole = (convscope.predict(source, images) for source in (tmp_path / "net.keras", digits_run))
    assert np.allclose(alone.probabilities, whole.probabilities, atol=1e-5)


@pytest.fixture(scope="module")
def photo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four digits on paper in two rows, of a camera held on its side."""
    random = np.random.default_rng(4)
    content = photo_of_sheet([penned(each, 90, random) for each in "4710"], list("4710"), [2, 2], random).content
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    path = tmp_path_factory.mktemp("photos") / "sheet.jpg"
    Image.open(io.BytesIO(content)).transpose(Image.Transpose.ROTATE_90).save(path, exif=exif, quality=95)
    return path


def _answers(*programs: str, picture: Path, folder: Path, before: str = "") -> tuple[list[tuple[str, float]], str]:
    """Run printed programs one after the other; return their classes with their percentages, and their warnings.

    Each has its own names; they share the time that TensorFlow takes to start.
    """
    (folder / "program.py").write_text(before + "".join(f"exec({program!r}, {{}})\n" for program in programs), "utf-8")
    done = subprocess.run(
        [sys.executable, "program.py", str(picture)], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    lines = [line.split(": ") for line in done.stdout.splitlines() if "%" in line]
    return [(name, float(percent.rstrip("%"))) for name, percent in lines], done.stderr


def _predicted(run: Run, picture: Path) -> list[tuple[str, float]]:
    return [
        (answer.class_name, pytest.approx(100 * answer.probability, abs=0.02))
        for each in convscope.predict(run, picture)
        for answer in each.answers
    ]


@pytest.mark.slow
@pytest.mark.parametrize("names", [("onnx",), pytest.param(FORMATS[1:], marks=pytest.mark.slow)], ids=" ".join)
def test_a_printed_program_prints_the_predictions_for_a_photo(
    names: tuple[str, ...], exports: dict[str, Export], digits_run: Run, photo: Path, tmp_path: Path
) -> None:
    expected, programs = _predicted(digits_run, photo), [exports[n].snippets["Python"] for n in names if n in exports]
    assert len(expected) == 4 * 3
    assert programs
    assert _answers(*programs, picture=photo, folder=tmp_path)[0] == expected * len(programs)


def test_without_convscope_the_program_says_what_the_image_must_be(
    exports: dict[str, Export], digits_run: Run, tmp_path: Path
) -> None:
    picture = tmp_path / "seven.png"
    Image.fromarray(digits_run.dataset.test.images[7, ..., 0]).save(picture)
    absent = "import sys\n\nsys.modules['convscope'] = None\n"
    found, warning = _answers(exports["onnx"].snippets["Python"], picture=picture, folder=tmp_path, before=absent)
    assert found == _predicted(digits_run, picture)
    assert "convscope is not installed" in warning
    assert "one digit, cropped and centred" in warning


@pytest.mark.slow
@pytest.mark.parametrize("name", FORMATS)
def test_an_exported_file_alone_tells_how_to_preprocess(
    name: str, exports: dict[str, Export], digits_run: Run, photo: Path
) -> None:
    expected = convscope.predict(digits_run, photo, single=True).prepared
    assert np.array_equal(convscope.preprocess(exports[name].path, photo, dtype="uint8", single=True), expected)


@pytest.mark.skipif(shutil.which("node") is None, reason="Node is not installed")
def test_the_program_for_the_browser_computes_the_inputs_from_a_canvas(
    exports: dict[str, Export], digits_run: Run, tmp_path: Path
) -> None:
    """The syntax of the whole, and the result of the part that works without onnxruntime-web."""
    program = exports["onnx"].snippets["JavaScript"]
    (tmp_path / "whole.mjs").write_text(program, "utf-8")
    subprocess.run(["node", "--check", "whole.mjs"], cwd=tmp_path, check=True)
    image = digits_run.dataset.test.images[0]
    rgba = np.concatenate([np.repeat(image, 3, axis=2), np.full((8, 8, 1), 255, np.uint8)], axis=2)
    own = "\n".join(line for line in program.splitlines() if "ort" not in line.split("//")[0] or "export" in line)
    call = f"""console.log(JSON.stringify([...toInputs(Uint8ClampedArray.from({rgba.ravel().tolist()}))]))
               console.log(JSON.stringify(middle({{width: 120, height: 90}}, 70, 64)))"""
    (tmp_path / "part.mjs").write_text(own.split("// image")[0] + call, "utf-8")
    printed = subprocess.run(["node", "part.mjs"], cwd=tmp_path, capture_output=True, text=True, check=True).stdout
    inputs, middle = map(json.loads, printed.splitlines())
    assert np.allclose(inputs, image.ravel() / 255, atol=1e-6)
    assert np.allclose(middle, [(120 - 90 * 64 / 70) / 2, 0, 90 * 64 / 70, 90])


def test_nothing_is_replaced_without_overwrite(exports: dict[str, Export], own_run: Run, tmp_path: Path) -> None:
    (tmp_path / "net.onnx").write_bytes(b"precious")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("precious")
    with pytest.raises(OutputError, match=r"net\.onnx'.*overwrite=True"):
        convscope.export(own_run, out=tmp_path / "net.onnx")
    for overwrite in (False, True):
        with pytest.raises(OutputError, match="mine'.*SavedModel"):
            convscope.export(own_run, "saved_model", out=tmp_path / "mine", overwrite=overwrite)
        with pytest.raises(OutputError, match=r"net\.onnx'.*file"):
            convscope.export(own_run, "saved_model", out=tmp_path / "net.onnx", overwrite=overwrite)
    assert (tmp_path / "mine" / "thesis.txt").read_text() == "precious"
    convscope.export(own_run, out=tmp_path / "net.onnx", overwrite=True)
    assert (tmp_path / "net.onnx").read_bytes() == exports["onnx"].path.read_bytes()


def test_a_saved_model_takes_the_place_of_another(tmp_path: Path) -> None:
    path = tmp_path / "net"
    for content in ("old", "new"):
        with formats.replacing_folder(path, tensorflow.CONTENTS) as new:
            new.mkdir()
            (new / "saved_model.pb").write_text(content)
    assert (path / "saved_model.pb").read_text() == "new"
    with pytest.raises(RuntimeError), formats.replacing_folder(path, tensorflow.CONTENTS) as new:
        new.mkdir()
        raise RuntimeError
    assert (path / "saved_model.pb").read_text() == "new"
    assert [entry.name for entry in tmp_path.iterdir()] == ["net"]


@pytest.mark.parametrize(
    ("name", "out", "words"),
    [
        ("onx", None, "'onx'.*'onnx'"),
        ("onnx", "net.h5", r"'\.onnx'.*'net\.h5'"),
        ("litert", "net.onnx", r"'\.tflite'.*'net\.onnx'"),
    ],
)
def test_a_name_that_would_mislead_is_refused(name: str, out: str | None, words: str, own_run: Run) -> None:
    with pytest.raises(ConfigError, match=words):
        convscope.export(own_run, name, out=out)


def test_logits_that_disagree_are_never_kept(run_copy: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(formats, "compare", lambda *arguments: compare(*arguments, tolerance=-1.0))
    with pytest.raises(ConvscopeError, match="logit"):
        convscope.export(run_copy, out=tmp_path / "net.onnx")
    assert not (tmp_path / "net.onnx").exists()


def test_disagreement_is_anything_beyond_rounding() -> None:
    logits = np.array([[1.0, 2.0], [3.0, 1.0]], np.float32)
    assert compare(logits + np.float32(5e-5), logits).mismatched_classes == 0
    for other in (logits + np.float32(2e-4), logits * np.float32(np.nan), logits[:1]):
        with pytest.raises(ConvscopeError, match=r"2\.0e-04|nan|\(1, 2\).*\(2, 2\)"):
            compare(other, logits)
    large = np.array([[5000.0, -6400.0], [1.0, 2.0]], np.float32)
    assert compare(large + np.array([[0.01], [0]], np.float32), large).largest_difference == pytest.approx(0.01, abs=1e-3)
    for row in (0, 1):  # 200 times 32 allows for 200 times as much, in its own row alone
        with pytest.raises(ConvscopeError, match="3.*e-02" if row == 0 else "2.*e-04"):
            compare(large + np.array([[0.03], [0]] if row == 0 else [[0], [2e-4]], np.float32), large)
    with pytest.raises(ConvscopeError, match=r"2\.0e\+00"):
        compare(logits[:, ::-1], logits)
    tie = np.array([[1.0, 1.00001]], np.float32)
    assert compare(tie[:, ::-1], tie).mismatched_classes == 1
    assert verification.TOLERANCE == 1e-4


def test_without_the_data_the_images_of_the_run_are_checked(run_copy: Path, tmp_path: Path) -> None:
    from convscope.runs import files, opening, run_folder
    from convscope.system.files import write_json

    request = opening.read_json(run_copy / files.REQUEST)
    request["dataset"]["source"] = "/gone"
    write_json(run_copy / files.REQUEST, request)
    (run_copy / "evidence.npz").unlink()
    run_folder.write_manifest(run_copy)
    found = convscope.export(run_copy, out=tmp_path / "net.onnx")
    assert 10 <= len(found.agreement) < found.num_test
    assert "of 359 test images checked" in repr(found)


def test_a_damaged_run_is_not_exported(run_copy: Path, tmp_path: Path) -> None:
    (run_copy / "model.onnx").write_bytes(b"nonsense")
    with pytest.raises(RunError, match=r"model\.onnx"):
        convscope.export(run_copy, out=tmp_path / "net.onnx")


@pytest.mark.slow
def test_the_command_says_what_was_checked_and_prints_programs(own_run: Run, tmp_path: Path) -> None:
    line = [sys.executable, "-m", "convscope", "export", str(own_run.folder), "--out", "net.onnx"]
    done = subprocess.run(line, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout.startswith("net.onnx: verified on all 359 test images: ")
    assert "n × 8 × 8 × 1 float32 from 0 to 1 (grey), light on dark" in done.stdout
    assert 'onnxruntime.InferenceSession("net.onnx")' in done.stdout
    again = subprocess.run([*line, "--json", "--overwrite"], cwd=tmp_path, capture_output=True, text=True, check=True)
    found = json.loads(again.stdout)
    assert found["agreement"]["images"] == found["test_images"] == 359
    assert set(found["snippets"]) == {"Python", "JavaScript"}
    assert [entry.verb for entry in ledger.read(own_run.folder)[-2:]] == ["export"] * 2
