"""Faulty images, runs, models and commands: each gives one error message and an exit status, and nothing is lost."""

from __future__ import annotations

import hashlib
import io
import json
import os
import pickle
import shutil
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from convscope.api.run import Run
from convscope.cli.main import main
from convscope.data.images.formats import DECODERS, HEIC

from ..bad_inputs import BadInputs  # type: ignore[import-not-found]

Build = Callable[[Path], "list[object]"]
"""Prepares a folder that contains a run called ``run``, and returns the arguments of the command."""
GREY = Image.fromarray(np.random.default_rng(0).integers(0, 256, (40, 40)).astype(np.uint8))


def encoded(image: Image.Image, kind: str = "PNG") -> bytes:
    file = io.BytesIO()
    image.save(file, kind)
    return file.getvalue()


def words(*arguments: object) -> Build:
    return lambda _: list(arguments)


def picture(content: bytes, *options: object) -> Build:
    def build(folder: Path) -> list[object]:
        (folder / "x.png").write_bytes(content)
        return ["predict", "run", "x.png", *options]

    return build


def placed(place: Callable[[Path], object], *arguments: object) -> Build:
    def build(folder: Path) -> list[object]:
        place(folder)
        return list(arguments)

    return build


def file(name: str, content: bytes, *arguments: object) -> Build:
    return placed(lambda folder: (folder / name).write_bytes(content), *arguments)


def damaged(name: str, change: Callable[[bytes], bytes], *arguments: object) -> Build:
    """A file of the run, changed without its manifest."""

    def place(folder: Path) -> None:
        content = (folder / "run" / name).read_bytes()
        (folder / "run" / name).unlink()  # a hard link to a file that other tests need
        (folder / "run" / name).write_bytes(change(content))

    return placed(place, *arguments)


def resealed(name: str, change: Callable[[Any], Any], *arguments: object) -> Build:
    """A JSON file of the run, changed on purpose: the manifest has its new checksum."""

    def place(folder: Path) -> None:
        path = folder / "run" / name
        content = json.dumps(change(json.loads(path.read_text("utf-8")))).encode()
        path.unlink()
        path.write_bytes(content)
        if name != "manifest.json":
            manifest = json.loads((folder / "run" / "manifest.json").read_text("utf-8"))
            manifest["files"][name] = {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
            (folder / "run" / "manifest.json").unlink()
            (folder / "run" / "manifest.json").write_text(json.dumps(manifest), "utf-8")

    return placed(place, *arguments)


def without(name: str, *arguments: object) -> Build:
    return placed(lambda folder: (folder / "run" / name).unlink(), *arguments)


def with_flipped_bit(content: bytes) -> bytes:
    return content[:-9] + bytes([content[-9] ^ 1]) + content[-8:]


def listed(entry: str) -> Build:
    def change(manifest: Any) -> Any:
        return {**manifest, "files": {**manifest["files"], entry: {"bytes": 1, "sha256": "0" * 64}}}

    return resealed("manifest.json", change, "report", "run")


def with_names(names: list[str]) -> Callable[[Any], Any]:
    return lambda request: {**request, "dataset": {**request["dataset"], "class_names": names}}


def without_data(request: Any) -> Any:
    return {**request, "dataset": 1}


def taken_port(folder: Path) -> list[object]:
    global taken
    taken = socket.create_server(("127.0.0.1", 0))
    return ["serve", "run", "--port", taken.getsockname()[1]]


taken: socket.socket | None = None
PREDICT = ("predict", "run")
ONE = (*PREDICT, "good.png")
TRAIN = ("train", "digits", "--epochs", "1")
PICTURES: dict[str, tuple[Build, int, str]] = {
    "P01 an empty file": (picture(b""), 1, "x.png"),
    "P02 a PNG cut off": (picture(encoded(GREY)[:-300]), 1, "x.png"),
    "P02 a GIF cut off": (picture(encoded(GREY, "GIF")[:-300]), 1, "x.png"),
    "P03 nothing but zeros": (picture(bytes(5000)), 1, "x.png"),
    "P04 a text called .png": (picture(b"hello, I am a text"), 1, "x.png"),
    "P08 an HTML page": (picture(b"<!DOCTYPE html><html></html>"), 1, "HTML"),
    "P08 an SVG drawing": (picture(b"<svg xmlns='http://www.w3.org/2000/svg'/>"), 1, "SVG"),
    "P08 a PostScript file": (picture(b"%!PS-Adobe-3.0 EPSF-3.0"), 1, "PostScript"),
    "P08 a HEIC photo": (picture(b"\0\0\0\x18ftypheic" + bytes(100)), 1, "HEIC"),
    "P08 a pointer of Git LFS": (picture(b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12\n"), 1, "Git LFS"),
    "P08 a zip archive": (picture(b"PK\x03\x04"), 1, "zip"),
    "P08 an array": (picture(b"\x93NUMPY\x01\0"), 1, "NumPy"),
    "P08 a pickle": (picture(pickle.dumps({"a": 1})), 1, "x.png"),
    "P09 one pixel": (picture(encoded(Image.new("L", (1, 1)))), 1, "1 × 1"),
    "P13 LAB colours": (picture(encoded(Image.new("LAB", (8, 8)), "TIFF")), 1, "LAB"),
    "P10 numbers of 32 bits": (picture(encoded(Image.new("I", (8, 8)), "TIFF")), 1, "32"),
    "P10 decimal numbers": (picture(encoded(Image.new("F", (8, 8), 3.5), "TIFF")), 1, "3.5"),
    "P24 one bad among good ones": (file("y.png", b"", *PREDICT, "good.png", "y.png"), 1, "y.png"),
    "P25 a name that is not there": (words(*PREDICT, "absent.png"), 1, "absent.png"),
    "P25 a pattern that finds nothing": (words(*PREDICT, "*.gif"), 1, "*.gif"),
    "P25 an address": (words(*PREDICT, "https://example.org/4.png"), 1, "https://example.org/4.png"),
    "P25 a folder without pictures": (placed(lambda folder: (folder / "none").mkdir(), *PREDICT, "none"), 1, "none"),
    "D14 a link to nowhere": (placed(lambda folder: (folder / "x.png").symlink_to("nowhere"), *PREDICT, "x.png"), 1, "link"),
    "D15 a pipe": (placed(lambda folder: os.mkfifo(folder / "x.png"), *PREDICT, "x.png"), 1, "pipe"),
    "D15 a device": (words(*PREDICT, "/dev/zero"), 1, "/dev/zero"),
    "P26 a terminal instead of a file": (words(*PREDICT, "-"), 2, "terminal"),
    "K02 no class at all": (words(*PREDICT, "good.png", "--top", "0"), 2, "0"),
    "K02 a number of classes that is none": (words(*PREDICT, "good.png", "--top", "few"), 2, "few"),
    "K02 a digit that is not there": (words("explain", "run", "good.png", "--digit", "2"), 2, "2"),
    "K06 two pictures to explain": (words("explain", "run", "two"), 2, "2"),
}  # fmt: skip
RUNS: dict[str, tuple[Build, int, str]] = {
    "M01 nothing there": (words("report", "runs/none"), 1, "runs/none"),
    "M01 a folder that is no run": (words("report", "two"), 1, "two"),
    "M01 a file instead of a run": (words("report", "good.png"), 1, "good.png"),
    "M02 a run that was not finished": (without("manifest.json", *ONE), 1, "run"),
    "M03 a model with a flipped bit": (damaged("model.onnx", with_flipped_bit, *ONE), 1, "model.onnx"),
    "M03 a model cut off": (damaged("model.onnx", lambda old: old[:999], *ONE), 1, "model.onnx"),
    "M03 predictions cut off": (damaged("predictions.npz", lambda old: old[:999], "report", "run"), 1, "predictions.npz"),
    "M03 metrics emptied": (damaged("metrics.json", lambda _: b"", "evaluate", "run"), 1, "metrics.json"),
    "M03 a file of the run removed": (without("snapshots.npz", "report", "run"), 1, "snapshots.npz"),
    "M08 a manifest that is no JSON": (damaged("manifest.json", lambda _: b"\xff{", *ONE), 1, "manifest.json"),
    "M08 a manifest nested without end": (damaged("manifest.json", lambda _: b"[" * 100_000, *ONE), 1, "manifest.json"),
    "M08 a manifest of another kind": (damaged("manifest.json", lambda _: b"[1]", *ONE), 1, "manifest.json"),
    "M11 more names than classes": (resealed("run.json", with_names([*"0123456789x"]), *ONE), 1, "10 classes"),
    "M11 no description of the data": (resealed("run.json", without_data, *ONE), 1, "run.json"),
    "M12 a pickle as model": (file("model.pkl", pickle.dumps(1), "predict", "model.pkl", "good.png"), 1, "model.pkl"),
    "M12 PyTorch's weights as model": (file("model.pt", b"PK\x03\x04", "predict", "model.pt", "good.png"), 1, "model.pt"),
    "M12 Keras' old weights as model": (file("model.h5", b"\x89HDF\r\n\x1a\n", "predict", "model.h5", "good.png"), 1, "model.h5"),
    "M12 an .onnx that is none": (file("model.onnx", b"no model", "predict", "model.onnx", "good.png"), 1, "model.onnx"),
    "M12 a .keras that is none, to train on": (file("own.keras", b"PK\x03\x04", *TRAIN, "--model", "own.keras"), 2, "own.keras"),
    "M14 a manifest that leads out of the run": (listed("../../etc/passwd"), 1, "manifest.json"),
    "M14 a manifest that lists what is not there": (listed("weights.npz"), 1, "weights.npz"),
    "M16 one run to compare": (words("compare", "run"), 2, "run"),
    "M16 a run compared with itself": (words("compare", "run", "run"), 2, "run"),
    "M16 a run compared with none": (words("compare", "run", "two"), 1, "two"),
}  # fmt: skip
COMMANDS: dict[str, tuple[Build, int, str]] = {
    "K02 no epoch": (words("train", "digits", "--epochs", "0"), 2, "got 0"),
    "K02 epochs below 0": (words("train", "digits", "--epochs", "-1"), 2, "got -1"),
    "K02 half an epoch": (words("train", "digits", "--epochs", "1.5"), 2, "1.5"),
    "K02 a batch of nothing": (words("train", "digits", "--batch-size", "0"), 2, "got 0"),
    "K02 a learning rate that is none": (words("train", "digits", "--learning-rate", "fast"), 2, "'fast'"),
    "K05 a setting misspelt": (words("train", "digits", "--set", "label_smoothin=0.1"), 2, "'label_smoothing'"),
    "K05 a setting without a value": (words("train", "digits", "--set", "flip"), 2, "NAME=VALUE"),
    "K05 a choice that is none": (words("train", "digits", "--set", "optimizer=sgd"), 2, "adamw"),
    "K05 a setting without an effect": (words("train", "digits", "--set", "weight_decay=0.1"), 2, "optimizer"),
    "K05 a setting twice": (words("train", "digits", "--epochs", "3", "--set", "epochs=4"), 2, "epochs"),
    "K02 a seed below 0": (words("train", "digits", "--seed", "-1"), 2, "got -1"),
    "K04 a verb misspelt": (words("trian", "digits"), 2, "'train'"),
    "K04 no data": (words("train"), 2, "DATA"),
    "K05 a model misspelt": (words("train", "digits", "--model", "cnnn"), 2, "'cnn'"),
    "K05 a recipe misspelt": (words("train", "digits", "--recipe", "standart"), 2, "'standard'"),
    "K05 a model of one's own that is not there": (words(*TRAIN, "--model", "own.py:build"), 2, "own.py"),
    "K05 a change that is none": (words(*TRAIN, "--augment", "wobble=3"), 2, "wobble"),
    "K06 a run that is there already": (words(*TRAIN, "--out", "run"), 1, "--overwrite"),
    "K06 a folder with something else": (words(*TRAIN, "--out", "two"), 1, "two"),
    "K06 a page that is there already": (file("good.explained.html", b"mine", "explain", "run", "good.png"), 1, ".explained.html"),
    "K06 an export that is there already": (file("run.onnx", b"mine", "export", "run"), 1, "run.onnx"),
    "K07 a run below a file": (words(*TRAIN, "--out", "good.png/run"), 1, "good.png"),
    "K07 a page in a folder's place": (words("explain", "run", "good.png", "--output", "two"), 1, "two"),
    "K09 going on with what is finished": (words(*TRAIN, "--out", "run", "--resume"), 1, "--resume"),
    "K13 fetching what nobody knows": (words("fetch", "fashon"), 1, "'fashion'"),
    "K05 an export of no kind": (words("export", "run", "--format", "onnxx"), 2, "onnxx"),
    "K05 no seeds for a study": (words("study", "digits", "--seeds", "0"), 2, "0"),
    "K05 an audit of one fold": (words("audit", "run", "--folds", "1"), 2, "1"),
    "K05 a port that is none": (words("serve", "run", "--port", "99999"), 2, "99999"),
}  # fmt: skip
MACHINE: dict[str, tuple[Build, int, str]] = {
    "K01 a port that is taken": (taken_port, 1, "port"),
}
CASES = {
    **{("pictures", name): case for name, case in PICTURES.items()},
    **{("runs", name): case for name, case in RUNS.items()},
    **{("command", name): case for name, case in COMMANDS.items()},
    **{("machine", name): case for name, case in MACHINE.items()},
}


@pytest.fixture
def place(digits_run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, with a run, one valid image file and a folder of two."""
    folder = tmp_path / "place"
    (folder / "two").mkdir(parents=True)
    shutil.copytree(digits_run.folder, folder / "run", copy_function=os.link)
    for name in ("good.png", "two/1.png", "two/2.png"):
        Image.fromarray(digits_run.dataset.test.images[0, ..., 0]).save(folder / name)
    monkeypatch.chdir(folder)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    # Whether pillow-heif is installed makes no difference to the message.
    monkeypatch.setitem(DECODERS, HEIC, ("no_such_decoder", *DECODERS[HEIC][1:]))
    return folder


def contents(folder: Path) -> dict[str, bytes | None]:
    return {str(path): path.read_bytes() if path.is_file() else None for path in sorted(folder.rglob("*"))}


@pytest.mark.slow
@pytest.mark.parametrize(("section", "name"), CASES)
def test_a_fault_is_one_sentence_and_an_exit_status(
    section: str,
    name: str,
    place: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    bad_inputs: BadInputs,
) -> None:
    build, status, expected = CASES[section, name]
    arguments = list(map(str, build(place)))
    if arguments[-1] == "-":
        monkeypatch.setattr(sys.stdin, "isatty", lambda: True)
    before = contents(place)
    try:
        answered = main(arguments)
    finally:
        if taken is not None:
            taken.close()
    printed = capsys.readouterr().err
    assert (answered, "internal error" in printed, "Traceback" in printed) == (status, False, False), printed
    lines = [line for line in printed.splitlines() if line.startswith("convscope: error: ")]
    assert len(lines) == 1, printed
    assert expected in printed
    assert contents(place) == before
    bad_inputs.met(section, name, status, printed, [place])


def test_the_table_of_bad_inputs_has_a_row_for_each_and_no_other(bad_inputs: BadInputs) -> None:
    from ..bad_inputs import FAULTS_OF_THE_MACHINE, rows
    from ..server.test_hostile import HOSTILE
    from .test_bad_data import CASES as DATA

    elsewhere = {"data": DATA, "machine": FAULTS_OF_THE_MACHINE, "service": HOSTILE}
    known = {*CASES, *((section, name) for section, names in elsewhere.items() for name in names)}
    assert set(rows()) == known or bad_inputs.writes
    assert len(known) >= 90


@pytest.mark.parametrize("debug", [[], ["--debug"]], ids=["", "debug"])
@pytest.mark.parametrize("wrapped", [False, True], ids=["interrupt", "inside an import of an extension module"])
def test_an_interrupt_is_no_internal_error_and_only_a_training_is_resumed(
    wrapped: bool, debug: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(*_: object, **__: object) -> None:
        if wrapped and not debug:  # as pybind11 does
            raise ImportError("initialization failed") from KeyboardInterrupt()
        raise KeyboardInterrupt

    monkeypatch.setattr("convscope.cli.runs.command.callback", interrupted)
    assert main(["runs", "train", *debug]) == 130  # a folder of that name
    assert capsys.readouterr().err.strip() == "convscope: interrupted."
