"""Messages name arguments as the caller spells them: ``out=DIR`` in Python, ``--out DIR`` on the command line."""

from __future__ import annotations

import ast
import os
import re
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.test_architecture import TREES

import convscope
from convscope import ConvscopeError, ReadOptions
from convscope.cli.main import main
from convscope.errors import COMMAND_LINE, DatasetError, for_command_line, is_short_of_memory, option

FLAG = re.compile(r"(^|[ (`])--[a-z]")
RUN, OLD, PHOTOS, TWO = "run", "old.txt", "photos", "two"
"""A run, a file, a folder with a broken picture and one with two pictures, in the current folder."""
Call = Callable[[], Any]
WRONG: dict[str, tuple[Call, list[str], list[str], list[str]]] = {
    "complete run": (lambda: convscope.train("digits", out=RUN), ["train", "digits", "--out", RUN],
                     ["out=DIR", "another seed", 'if_exists="load", "new" or "overwrite"'],
                     ["--out DIR", "another --seed", "--overwrite"]),
    "nothing to resume": (lambda: convscope.train("digits", epochs=2, out=RUN, resume=True),
                          ["train", "digits", "--epochs", "2", "--out", RUN, "--resume"],
                          ["Drop resume and", "out=DIR"], ["Drop --resume and", "--out DIR"]),
    "file in place of a folder": (lambda: convscope.train("digits", out=OLD), ["train", "digits", "--out", OLD],
                                  ["with out=DIR"], ["with --out DIR"]),
    "report": (lambda: convscope.report(RUN, out=OLD), ["report", RUN, "--out", OLD],
               ["out=FILE", "overwrite=True"], ["--out FILE", "--overwrite"]),
    "audit": (lambda: convscope.audit(RUN, out=OLD), ["audit", RUN, "--out", OLD],
              ["with out=FILE", "overwrite=True"], ["with --out FILE", "--overwrite"]),
    "copies": (lambda: convscope.audit(RUN, copy_to=PHOTOS), ["audit", RUN, "--copy-to", PHOTOS],
               ["copy_to=DIR"], ["--copy-to DIR"]),
    "export": (lambda: convscope.export(RUN, out=OLD), ["export", RUN, "--out", OLD],
               ['out="NAME.onnx"'], ["--out NAME.onnx"]),
    "study": (lambda: convscope.study("digits", out=PHOTOS), ["study", "digits", "--out", PHOTOS],
              ["with out=DIR"], ["with --out DIR"]),
    "known pixels": (lambda: convscope.load_dataset("mnist", reading=ReadOptions(transpose=True)),
                     ["data", "mnist", "--transpose"], ["pixel_range and transpose"], ["--pixel-range and --transpose"]),
    "size": (lambda: convscope.load_dataset("digits", reading=ReadOptions(image_size=(9, 9))),
             ["data", "digits", "--image-size", "9"], ["Drop image_size"], ["Drop --image-size"]),
    "share": (lambda: convscope.train("mnist", test_share=0.1), ["train", "mnist", "--test-share", "0.1"],
              ["Drop test_share"], ["Drop --test-share"]),
    "no share": (lambda: convscope.train("digits", test_share=20), ["train", "digits", "--test-share", "20"],
                 ["test_share must be"], ["--test-share must be"]),
    "share of bad": (lambda: ReadOptions(most_bad=2), ["data", "digits", "--most-bad", "2"],
                     ["most_bad must be"], ["--most-bad must be"]),
    "no size": (lambda: ReadOptions(image_size=(3, 3)), ["data", "digits", "--image-size", "3"],
                ["image_size must be (height, width)"], ["--image-size must be a number of pixels (64)", "got '3'"]),
    "no range": (lambda: ReadOptions(pixel_range=(1, 0)), ["data", "digits", "--pixel-range", "1..0"],
                 ["pixel_range must be"], ["--pixel-range must be"]),
    "no pattern": (lambda: ReadOptions(group_by="("), ["data", "digits", "--group-by", "("],
                   ["group_by must be"], ["--group-by must be"]),
    "confidence": (lambda: convscope.predict(RUN, "example", at_least=90), ["predict", RUN, "example", "--at-least", "90"],
                   ["at_least must be"], ["--at-least must be"]),
    "accuracy": (lambda: convscope.evaluate(RUN, accuracy=0.999999), ["evaluate", RUN, "--accuracy", "0.999999"],
                 ["accuracy=0.999999 is out of reach"], ["--accuracy 0.999999 is out of reach"]),
    "groups": (lambda: convscope.load_dataset(TWO, reading=ReadOptions(group_by="scene")),
               ["data", TWO, "--group-by", "scene"], ["of group_by is"], ["of --group-by is"]),
    "broken picture": (lambda: convscope.load_dataset(PHOTOS), ["train", PHOTOS],
                       ["skip_bad_images=True"], ["--skip-bad-images"]),
    "values": (lambda: convscope.load_dataset("floats.npz"), ["data", "floats.npz"],
               ["pixel_range=(-3, 3)"], ["--pixel-range -3..3"]),
    "augmentation": (lambda: convscope.train("digits", augment="rotation"), ["train", "digits", "--augment", "rotation"],
                     ["augment must be"], ["--augment must be"]),
    "batches": (lambda: convscope.train("digits", batch_size=1, recipe="strong"),
                ["train", "digits", "--recipe", "strong", "--set", "batch_size=1"],
                ["batch_normalization=False"], ["--set batch_normalization=false"]),
    "foreign model": (lambda: convscope.report("net.pkl"), ["report", "net.pkl"],
                      ['convscope.train(data, model="file.py:build")'], ["convscope train DATA --model file.py:build"]),
    "classes": (lambda: convscope.evaluate(RUN, TWO), ["evaluate", RUN, TWO], ["map_classes=FILE"], ["--map-classes FILE"]),
    "token": (lambda: convscope.serve(RUN, token="short"), ["serve", RUN, "--token", "short"],
              ["neither token"], ["neither --token"]),
    "cluster": (lambda: convscope.study("digits", workers="dask:"), ["study", "digits", "--workers", "dask:"],
                ['workers="dask:"'], ["--workers dask:"]),
}  # fmt: skip


@pytest.fixture
def folder(digits_run: convscope.Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / RUN).symlink_to(digits_run.folder)
    for name in (OLD, "net.pkl"):
        (tmp_path / name).write_text("mine")
    for name in (PHOTOS, TWO):
        for kind in ("cat", "dog"):
            (tmp_path / name / kind).mkdir(parents=True)
            for index in range(5):
                picture = np.full((8, 8), 20 * index, np.uint8)
                picture[2:6, 2:6] = 255
                (tmp_path / name / kind / f"{index}.pgm").write_bytes(b"P5 8 8 255\n" + picture.tobytes())
    (tmp_path / PHOTOS / "cat" / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    values = np.linspace(-3, 3, 640).reshape(10, 8, 8)
    np.savez(tmp_path / "floats.npz", x=values, y=np.arange(10) % 2)


@pytest.mark.slow
@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("name", WRONG)
def test_an_error_names_arguments_as_the_caller_does(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    call, line, in_python, on_command_line = WRONG[name]
    with pytest.raises(ConvscopeError) as caught:
        call()
    said = " ".join([str(caught.value), *getattr(caught.value, "__notes__", ())])
    assert not FLAG.search(said), said
    assert all(each in said for each in in_python), said
    assert main(line) in (1, 2)
    said = " ".join(capsys.readouterr().err.split())
    assert all(each in said for each in on_command_line), said


@pytest.mark.parametrize(
    ("argument", "wrong"),
    [("reading", {"image_size": 32}), ("augment", {"shift": 0.1}), ("model", 3), ("recipe", 3), ("epochs", "3")],
)
def test_an_argument_of_another_type_is_named_with_its_value(argument: str, wrong: object) -> None:
    with pytest.raises(convscope.ConfigError, match=rf"{argument} .*{re.escape(str(wrong))}"):
        convscope.train("digits", **{argument: wrong})  # type: ignore[arg-type]


def test_an_argument_is_spelled_for_whoever_called_last() -> None:
    with for_command_line():
        assert (option("out", "DIR"), option("resume", True), option("test_share", 0.25)) == (
            "--out DIR", "--resume", "--test-share 0.25",
        )  # fmt: skip
        assert os.environ[COMMAND_LINE]  # for the processes that are started
        with for_command_line():
            pass
        assert option("data_at", "PATH", python="data") == "--data-at PATH"
    assert (option("out", "DIR"), option("resume", True), option("test_share", 0.25)) == (
        "out=DIR", "resume=True", "test_share=0.25",
    )  # fmt: skip
    assert option("data_at", "PATH", python="data") == "data=PATH"
    assert COMMAND_LINE not in os.environ


IN_RECORDS = {
    "analysis.findings.accuracy", "analysis.training_summary", "data.checks", "data.digits.recognize_dataset",
    "data.readers.image_folder", "data.readers.image_folder_decoding", "data.readers.image_folder_preprocessing",
    "data.readers.pixel_scale", "page.text.uncertainty", "runs.files",
}  # fmt: skip
"""Modules with sentences for the record of a run or its page, whose readers may have the command line only."""
COMMANDS = {"data.read_options", "runs.request", "page.svg"}
"""Modules that write command lines, and custom properties of CSS."""


def texts_outside_calls_of_spelled(tree: ast.AST) -> Iterator[ast.Constant]:
    """Yield the texts of a module that are neither docstrings nor given to :func:`spelled`."""
    left_out = {
        id(each)
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr) or (isinstance(node, ast.Call) and getattr(node.func, "id", "") == "spelled")
        for each in ([node.value] if isinstance(node, ast.Expr) else ast.walk(node))
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in left_out:
            yield node


@pytest.mark.slow
def test_no_message_outside_the_command_line_contains_a_flag() -> None:
    found = [
        f"{name} line {text.lineno}: {text.value}"
        for name, tree in TREES.items()
        if name.split(".")[0] != "cli" and name not in COMMANDS
        for part in (ast.walk(tree) if name in IN_RECORDS else [tree])
        if name not in IN_RECORDS or isinstance(part, ast.Raise)
        for text in texts_outside_calls_of_spelled(part)
        if FLAG.search(text.value) and "pip install" not in text.value
    ]
    assert not found, "name the argument with errors.option()"


@pytest.mark.parametrize(
    ("error", "is_short"),
    [
        (MemoryError(), True),
        (RuntimeError("can't start new thread"), True),
        (ImportError("libgomp.so.1: failed to map segment from shared object"), True),
        (RuntimeError("std::bad_alloc"), True),
        (
            RuntimeError("BFCArena::AllocateRawInternal Available memory of 1024 is smaller than requested bytes of 4096"),
            True,
        ),
        (SystemError("<built-in function empty> returned NULL without setting an exception"), True),
        (zlib.error("Error -4 while decompressing data"), True),
        (zlib.error("Error -3 while decompressing data: invalid stored block lengths"), False),
        (ValueError("the label is bad"), False),
        (DatasetError("'allocations/x.npz' is damaged"), False),
    ],
)
def test_what_libraries_say_of_missing_memory_is_known(error: Exception, is_short: bool) -> None:
    assert is_short_of_memory(error) is is_short
