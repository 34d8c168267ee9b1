"""A run's arrays of another type, shape or range, and archives that lie about their size.

Every array of every ``.npz`` file is replaced by every variant of a list. The suite tries a sample, the same each time;
CONVSCOPE_ATTEMPTS=20000 tries all.
"""

from __future__ import annotations

import functools
import io
import json
import random
import shutil
import struct
import time
import warnings
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

import convscope
from convscope.data.dataset import Split
from convscope.errors import ConvscopeError
from convscope.prediction.classifier import open_classifier
from convscope.runs import files, store

from .test_run_files import list_again  # type: ignore[import-not-found]
from .test_run_json import SAMPLE, use  # type: ignore[import-not-found]

Array = npt.NDArray[Any]
ARCHIVES = (files.PREDICTIONS, files.SNAPSHOTS, files.EXAMPLES, files.EVIDENCE)

pytestmark = pytest.mark.usefixtures("never_hangs")


def filled(value: float) -> Callable[[Array], Array]:
    """Return the array with ``value`` in its first place, as its own kind of number where that can be."""

    def change(array: Array) -> Array:
        is_whole = array.dtype.kind in "iu" and np.isfinite(value)
        changed = (
            np.zeros(array.shape) if array.dtype.kind not in "iuf" else array.astype(np.int64 if is_whole else np.float64)
        )
        changed[(0,) * array.ndim] = value
        return changed

    return change


VARIANTS: dict[str, Callable[[Array], Any]] = {
    "missing": lambda array: None,
    "floats": lambda array: array.astype(np.float64) if array.dtype.kind != "U" else np.zeros(3),
    "whole numbers": lambda array: np.zeros(array.shape, np.int64),
    "booleans": lambda array: np.zeros(array.shape, bool),
    "complex": lambda array: np.zeros(array.shape, np.complex128),
    "text": lambda array: np.full(array.shape, "\u202e"),
    "bytes": lambda array: np.full(array.shape, b"x"),
    "dates": lambda array: np.zeros(array.shape, "datetime64[s]"),
    "records": lambda array: np.zeros(array.shape, [("a", "i4"), ("b", "f4")]),
    "one axis more": lambda array: array[None],
    "one axis less": lambda array: array[0] if array.ndim and len(array) else np.zeros((2, 2)),
    "flat": lambda array: array.ravel() if array.ndim != 1 else array[:, None],
    "empty": lambda array: array[:0] if array.ndim else np.zeros(0, array.dtype),
    "shorter": lambda array: array[:-1] if array.ndim else array[None],
    "longer": lambda array: np.concatenate([array, array[-1:]]) if array.ndim else np.zeros(2, array.dtype),
    "last axis shorter": lambda array: array[..., :-1] if array.ndim else array[None],
    "minus one": filled(-1),
    "minus two": filled(-2),
    "huge": filled(2.0**60),
    "a billion": filled(1e9),
    "NaN": filled(float("nan")),
    "infinity": filled(float("inf")),
    "reversed": lambda array: array[::-1].copy() if array.ndim else array + 1 if array.dtype.kind in "iuf" else array,
}


@pytest.fixture(scope="module")
def run(digits_run: convscope.Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run whose archives the tests exchange."""
    return Path(shutil.copytree(digits_run.folder, tmp_path_factory.mktemp("hostile") / "run"))


def arrays_of(file: Path) -> dict[str, Array]:
    with np.load(file) as archive:
        return dict(archive)


def refusal(run: Path, name: str, content: bytes) -> str:
    """Use the run with other ``content`` of a file, and put the old one back; return the sentence, or ""."""
    whole = (run / name).read_bytes()
    (run / name).write_bytes(content)
    list_again(run, name)
    try:
        use(run)
    except ConvscopeError as error:
        return str(error)
    finally:
        (run / name).write_bytes(whole)
        list_again(run, name)
    return ""


def packed(arrays: dict[str, Array]) -> bytes:
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)  # type: ignore[arg-type]
    return buffer.getvalue()


@pytest.mark.slow
def test_every_array_of_another_form_is_one_sentence_that_names_file_and_array(run: Path) -> None:
    known = {name: arrays_of(run / name) for name in ARCHIVES}
    attempts = [(name, array, kind) for name in ARCHIVES for array in known[name] for kind in VARIANTS]
    wrong = []
    for name, array, kind in random.Random(16).sample(attempts, min(2 * SAMPLE, len(attempts))):
        changed = dict(known[name])
        new = VARIANTS[kind](changed.pop(array))
        try:
            sentence = refusal(run, name, packed(changed if new is None else {**changed, array: np.asarray(new)}))
        except Exception as error:  # noqa: BLE001 - an internal error is what this looks for
            wrong.append((name, array, kind, repr(error)[:300]))
        else:
            if sentence and (name not in sentence or len(sentence) > 500 or "\n" in sentence):
                wrong.append((name, array, kind, sentence[:300]))
    assert not wrong, "\n".join(map(str, wrong))


@pytest.mark.slow
@pytest.mark.parametrize("name", ARCHIVES)
@pytest.mark.parametrize("kind", ["missing", "complex", "records", "empty", "one axis more", "huge"])
def test_of_each_file_an_array_of_another_form_is_refused(name: str, kind: str, run: Path) -> None:
    arrays = arrays_of(run / name)
    first = next(iter(arrays))
    new = VARIANTS[kind](arrays.pop(first))
    if name == files.SNAPSHOTS and kind == "huge":
        pytest.skip("bytes of a text")
    sentence = refusal(run, name, packed(arrays if new is None else {**arrays, first: np.asarray(new)}))
    assert (name if kind == "empty" else first) in sentence  # none is a number, too, which another array contradicts


def npy(header: str, content: bytes = b"") -> bytes:
    padded = header.ljust(118) + "\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(padded)) + padded.encode() + content


def claims(shape: str, descr: str = "'<f4'", content: bytes = b"") -> bytes:
    return npy(f"{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}, }}", content)


def archive(*members: tuple[str, bytes], compression: int = zipfile.ZIP_STORED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as file, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of names that are there twice
        for name, content in members:
            file.writestr(name, content)
    return buffer.getvalue()


def lying(content: bytes, size: int) -> bytes:
    """Return an archive whose directory says that each member has that many bytes."""
    changed = bytearray(content)
    start = 0
    while (start := changed.find(b"PK\x01\x02", start)) >= 0:
        changed[start + 24 : start + 28] = struct.pack("<I", size)
        start += 4
    return bytes(changed)


def with_flags(content: bytes, flags: int, compression: int) -> bytes:
    """Return an archive of one member with other flags and another kind of compression."""
    changed, start = bytearray(content), content.index(b"PK\x01\x02")
    changed[6:10] = changed[start + 8 : start + 12] = struct.pack("<HH", flags, compression)
    return bytes(changed)


HEADERS = {
    "claims gigabytes": claims("(1 << 33,)".replace("1 << 33", str(2**33))),
    "claims exabytes": claims(f"({2**40}, {2**40})"),
    "a shape of True": claims("(True, True)", content=b"\x00" * 4),
    "a negative shape": claims("(-1,)", content=b"\x00" * 4),
    "a shape of text": claims("('x',)"),
    "a shape of a list": claims("[3]"),
    "objects": claims("(1,)", "'|O'", b"\x80\x04N."),
    "records of objects": claims("(1,)", "[('a', '|O')]", b"\x80\x04N."),
    "no type": claims("(1,)", "'nonsense'"),
    "a type of no size": claims("(1,)", "'|V0'"),
    "a header that is code": npy("__import__('os').system('true')"),
    "a header nested without end": npy("(" * 60 + ")" * 58),
    "another version": b"\x93NUMPY\x09\x00" + claims("(1,)")[8:],
    "no header": b"",
    "no array": b"hello",
    "more than it declares": claims("(1,)", content=b"\x00" * 400),
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("name", [files.PREDICTIONS, files.EVIDENCE])
@pytest.mark.parametrize("header", HEADERS)
def test_a_header_that_lies_is_refused_before_its_array_is_read(header: str, name: str, run: Path) -> None:
    first = "labels" if name == files.PREDICTIONS else "test_images"
    others = {key: each for key, each in arrays_of(run / name).items() if key != first}
    content = io.BytesIO(packed(others))
    with zipfile.ZipFile(content, "a") as file:
        file.writestr(f"{first}.npy", HEADERS[header])
    started = time.process_time()
    assert name in refusal(run, name, content.getvalue())
    assert time.process_time() - started < 20


@functools.cache
def bomb() -> bytes:
    """Half a gigabyte of zeros in half a megabyte, as its header says."""
    buffer = io.BytesIO()
    with (
        zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as file,
        file.open("labels.npy", "w", force_zip64=True) as member,
    ):
        member.write(claims(f"({2**26 + 2**17},)", "'<i8'"))
        for _ in range(2**9 + 1):
            member.write(b"\x00" * 2**20)
    return buffer.getvalue()


ONE = claims("(1,)", content=b"\x00" * 4)
FILES: dict[str, Callable[[], bytes]] = {
    "an array twice": lambda: archive(("labels.npy", ONE), ("labels.npy", ONE)),
    "a bomb": bomb,
    "packed with bzip2": lambda: archive(("labels.npy", ONE), compression=zipfile.ZIP_BZIP2),
    "packed with LZMA": lambda: archive(("labels.npy", ONE), compression=zipfile.ZIP_LZMA),
    "an unknown compression": lambda: with_flags(archive(("labels.npy", ONE)), 0, 99),
    "a directory that lies": lambda: lying(archive(("labels.npy", ONE)), 2**31),
    "a directory that lies of packed": lambda: lying(archive(("labels.npy", ONE), compression=zipfile.ZIP_DEFLATED), 2**29 - 1),
    "encrypted": lambda: with_flags(archive(("labels.npy", ONE)), 1, 0),
    "nothing": lambda: archive(),
    "a name that leads out": lambda: archive(("../labels.npy", ONE)),
    "a folder": lambda: archive(("labels.npy/", b"")),
    "no archive": lambda: b"PK\x03\x04",
    "a text": lambda: b"hello",
    "many members": lambda: archive(*((f"{number}.npy", b"") for number in range(20_000))),
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("name", [files.PREDICTIONS, files.SNAPSHOTS])
@pytest.mark.parametrize("kind", FILES)
def test_an_archive_that_lies_is_one_sentence(kind: str, name: str, run: Path) -> None:
    started = time.process_time()
    sentence = refusal(run, name, FILES[kind]())
    assert name in sentence
    assert len(sentence) < 500
    assert time.process_time() - started < 20


@pytest.mark.slow
def test_arrays_of_later_versions_are_passed_over(run: Path) -> None:
    for name in ARCHIVES:
        assert not refusal(run, name, packed({**arrays_of(run / name), "later": np.zeros(3), "later/part": np.zeros(2)}))


def test_columns_and_big_ends_are_read(run: Path) -> None:
    arrays = arrays_of(run / files.PREDICTIONS)
    arrays["labels"], arrays["logits"] = arrays["labels"].astype(">i8"), np.asfortranarray(arrays["logits"])
    assert not refusal(run, files.PREDICTIONS, packed(arrays))


DESCRIPTIONS: dict[str, Callable[[dict[str, Any]], object]] = {
    "no layers": lambda known: known.update(layers=[]),
    "a layer less": lambda known: known["layers"].pop(),
    "a layer twice": lambda known: known["layers"].append(known["layers"][0]),
    "another input": lambda known: known.update(input_shape=[9, 9, 1]),
    "an input of True": lambda known: known.update(input_shape=[True, 8, 1]),
    "another output": lambda known: known["layers"][-1].update(output_shape=[11]),
    "no kernel size": lambda known: known["layers"][0]["settings"].pop("kernel_size"),
    "a kernel size of text": lambda known: known["layers"][0]["settings"].update(kernel_size="33"),
    "strides of zero": lambda known: known["layers"][0]["settings"].update(strides=[0, 0]),
    "strides of NaN": lambda known: known["layers"][0]["settings"].update(strides=[float("nan"), 1]),
    "settings of another kind": lambda known: known["layers"][0].update(settings=[]),
    "a weight that is missing": lambda known: known["layers"][0]["weights"].append("more"),
    "a kind of no kind": lambda known: known["layers"][0].update(kind=3),
    "inputs that lead nowhere": lambda known: known["layers"][2].update(inputs=["nowhere"]),
    "inputs in a circle": lambda known: known["layers"][2].update(inputs=[known["layers"][-1]["name"]]),
    "a name that is no Unicode": lambda known: known.update(name="\ud800"),
    "negative sizes": lambda known: known["layers"][0].update(output_shape=[-8, 8, 16]),
    "enormous sizes": lambda known: known["layers"][0].update(output_shape=[2**40, 2**40, 2**40]),
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("change", DESCRIPTIONS)
def test_a_network_that_does_not_hold_together_is_one_sentence(change: str, run: Path) -> None:
    arrays = arrays_of(run / files.SNAPSHOTS)
    known = json.loads(arrays["network"].tobytes())
    DESCRIPTIONS[change](known)
    arrays["network"] = np.frombuffer(json.dumps(known).encode(), np.uint8)
    assert files.SNAPSHOTS in refusal(run, files.SNAPSHOTS, packed(arrays))


CSV = "epoch,seconds,loss,accuracy,val_loss,val_accuracy,learning_rate\n"
ROW = "0.1,0.5,0.9,0.4,0.9,0.001\n"
HISTORIES = {
    "empty": "",
    "no rows": CSV,
    "one row": CSV + "1," + ROW,
    "three rows": CSV + "1," + ROW + "2," + ROW + "3," + ROW,
    "epoch 10**9": CSV + "1," + ROW + "1000000000," + ROW,
    "epochs backwards": CSV + "2," + ROW + "1," + ROW,
    "the same epoch": CSV + "1," + ROW + "1," + ROW,
    "text": CSV + "1," + ROW + "x," + ROW,
    "an accuracy of 2": CSV + "1," + ROW + "2,0.1,0.5,2,0.4,0.9,0.001\n",
    "no accuracy": CSV + "1," + ROW + "2,0.1,0.5,nan,0.4,0.9,0.001\n",
    "seconds below zero": CSV + "1," + ROW + "2,-1,0.5,0.9,0.4,0.9,0.001\n",
    "an endless rate": CSV + "1," + ROW + "2,0.1,0.5,0.9,0.4,0.9,inf\n",
    "a cell of a megabyte": CSV + "1," + ROW + "2," + "9" * 10**6 + "," + ROW,
    "a number of 5,000 digits": CSV + "1," + ROW + "9" * 5000 + "," + ROW,
    "no UTF-8": "\udcff",
    "NUL": CSV + "1," + ROW + "\x00",
    "a digit of another script": CSV + "1," + ROW + "٢," + ROW + "3," + ROW,
}


@pytest.mark.parametrize("kind", HISTORIES)
def test_a_history_with_other_rows_is_one_sentence(kind: str, run: Path) -> None:
    sentence = refusal(run, files.HISTORY, HISTORIES[kind].encode("utf-8", "surrogateescape"))
    assert files.HISTORY in sentence
    assert len(sentence) < 500


def test_a_run_that_was_put_back_is_whole(run: Path, digits_run: convscope.Run) -> None:
    assert store.load_record(run).metrics == digits_run.record.metrics


@pytest.mark.parametrize("change", ["another model", "other classes", "other images"])
def test_a_model_of_another_network_is_one_sentence(change: str, run_copy: Path, digits: convscope.Dataset) -> None:
    """Whoever made the folder lists the model of another run, or describes other images than its own takes."""
    if change == "another model":
        images = digits.train.images[:200].repeat(2, 1)
        other = replace(
            digits, train=Split(images, digits.train.labels[:200]), test=Split(images, digits.train.labels[:200])
        )
        convscope.train(other, model="logistic", epochs=1, out=run_copy.parent / "other", report=False)
        shutil.copy(run_copy.parent / "other" / files.ONNX_MODEL, run_copy / files.ONNX_MODEL)
    else:
        request = json.loads((run_copy / files.REQUEST).read_text("utf-8"))
        known = request["dataset"]
        known.update({"class_names": known["class_names"][:-1]} if change == "other classes" else {"image_shape": [9, 8, 1]})
        known["digit_preprocessing"] = None
        (run_copy / files.REQUEST).write_text(json.dumps(request))
    list_again(run_copy)
    with pytest.raises(ConvscopeError, match=r"run\.json|model\.onnx|examples\.npz|metrics\.json|evidence\.npz"):
        open_classifier(run_copy)
    with pytest.raises(
        ConvscopeError, match=r"run\.json|model\.onnx|predictions\.npz|snapshots\.npz|metrics\.json|examples\.npz"
    ):
        convscope.evaluate(run_copy, "digits")
