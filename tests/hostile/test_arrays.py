"""Arrays that lie, and odd labels and class names.

Each is a sentence, or read for what it is; none takes memory that it does not hold.
"""

from __future__ import annotations

import io
import struct
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from convscope.data.dataset import MAX_NAME, check_class_names
from convscope.data.load import load_dataset
from convscope.data.read_options import ReadOptions
from convscope.errors import ConvscopeError, DatasetError

X = np.random.default_rng(0).integers(0, 256, (40, 8, 8)).astype(np.uint8)
Y = np.arange(40) % 2
Members = dict[str, Any]


def array_file(descr: str, shape: str, data: bytes = b"", *, version: int = 1, blanks: int = 0) -> bytes:
    text = f"{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}".encode() + b" " * blanks + b"\n"
    return b"\x93NUMPY" + bytes([version, 0]) + len(text).to_bytes(2 if version == 1 else 4, "little") + text + data


def labels(values: Any) -> Members:
    return {"x": X, "y": np.resize(np.asarray(values), 40)}


def names(values: Any) -> Members:
    return {"x": X, "y": Y, "class_names": values if isinstance(values, bytes) else np.asarray(values)}


def codes(*characters: int) -> bytes:
    return struct.pack(f"<{len(characters)}I", *characters)


REFUSED: dict[str, tuple[Callable[[], Members], str]] = {
    "a shape of True": (lambda: {"x": X, "y": array_file("|u1", "(True,)", b"\0")}, r"invalid shape \(True,\)"),
    "images of True": (lambda: {"x": array_file("|u1", "(True, 8, 8)", bytes(64)), "y": Y}, "invalid shape"),
    "a shape that is no tuple": (lambda: {"x": array_file("|u1", "True", b"\0"), "y": Y}, "shape is not valid"),
    "a shape of floats": (lambda: {"x": array_file("|u1", "(40.0, 8, 8)", X.tobytes()), "y": Y}, "shape is not valid"),
    "a shape that is computed": (lambda: {"x": array_file("|u1", "(9**9**9,)"), "y": Y}, "cannot read"),
    "a shape beyond all integers": (lambda: {"x": array_file("|u1", f"({10**30}, 8)"), "y": Y}, "invalid shape"),
    "nothing times everything": (lambda: {"x": array_file("|u1", f"(0, {10**30})"), "y": Y}, "invalid shape"),
    "a negative shape": (lambda: {"x": array_file("|u1", "(-1, 8, 8)"), "y": Y}, "invalid shape"),
    "a header that claims terabytes": (
        lambda: {"x": array_file("|u1", f"({2**40}, 8, 8)", bytes(64)), "y": Y},
        "is damaged",
    ),
    "texts of no length, by the million": (lambda: {"x": X, "y": array_file("|S0", f"({10**12},)")}, "labels"),
    "a header of megabytes": (
        lambda: {"x": array_file("|u1", "(40, 8, 8)", X.tobytes(), version=2, blanks=10**7), "y": Y},
        "a header of 10,000,",
    ),
    "an unknown version": (lambda: {"x": array_file("|u1", "(40, 8, 8)", X.tobytes(), version=9), "y": Y}, "version"),
    "a header that is code": (lambda: {"x": array_file("|u1", "__import__('os').getpid()"), "y": Y}, "cannot read"),
    "objects": (lambda: {"x": X, "y": np.array([None, "a"] * 20, object)}, "pickled Python objects"),
    "names that are objects": (lambda: names(np.array(["a", None], object)), "pickled Python objects"),
    "records": (lambda: {"x": X, "y": np.zeros(40, [("a", "u1")])}, "whole numbers or texts"),
    "dates": (lambda: {"x": X, "y": Y.astype("M8[D]")}, "whole numbers or texts"),
    "complex images": (lambda: {"x": X.astype(complex), "y": Y}, "must be numbers"),
    "a single label": (lambda: {"x": X, "y": np.array(3)}, "a single number"),
    "a single image value": (lambda: {"x": np.array(3), "y": Y}, "a single number"),
    "labels that are not a number": (lambda: labels([0, np.nan]), "got nan at row 1"),
    "infinite labels": (lambda: labels([0, np.inf]), "got inf at row 1"),
    "labels beyond 2^53": (lambda: labels([0, 2.0**53]), "whole numbers"),
    "labels beyond int64": (lambda: labels(np.array([0, 2**63], np.uint64)), "must fit int64"),
    "fractions": (lambda: labels([0, 0.5]), "got 0.5"),
    "labels of long texts": (lambda: labels(["a" * 2000, "b"]), "has room for texts of 8,000 bytes"),
    "labels that claim gigabytes": (lambda: {"x": X, "y": array_file("<U100000000", "(40,)", bytes(64))}, "room for texts"),
    "labels that are no characters": (
        lambda: {"x": X, "y": array_file("<U1", "(40,)", codes(0x7FFFFFFF, 97) * 20)},
        "no Unicode",
    ),
    "labels of half characters": (lambda: {"x": X, "y": array_file("<U1", "(40,)", codes(0xD800, 97) * 20)}, "no Unicode"),
    "an empty label": (lambda: labels(["", "b"]), "empty name"),
    "labels of a million kinds": (
        lambda: {"x": np.zeros((2000, 4, 4), np.uint8), "y": np.arange(2000)},
        "2,000 different labels",
    ),
    "names that repeat": (lambda: names(["a", "a"]), "'a' twice"),
    "names that look the same": (lambda: names(["é", "e\u0301"]), "twice"),
    "an empty name": (lambda: names(["", "b"]), "empty name"),
    "a blank name": (lambda: names(["\t ", "b"]), "empty name"),
    "a million names": (lambda: names(np.arange(10**6).astype(str)), "more than 1,000 class names"),
    "a name of a thousand pages": (lambda: names(["a" * 10**6, "b"]), "room for texts"),
    "names that are no characters": (lambda: names(array_file("<U1", "(2,)", codes(0x7FFFFFFF, 97))), "no Unicode"),
    "names of half characters": (lambda: names(array_file("<U1", "(2,)", codes(0xDFFF, 97))), "no Unicode"),
    "names that are not a number": (lambda: names([np.nan, 1]), "must be a row of texts"),
    "one name for all": (lambda: names("ab"), "must be a row of texts"),
    "a table of names": (lambda: names([["a", "b"]]), "must be a row of texts"),
    "images that are not a number": (lambda: {"x": np.full((40, 8, 8), np.nan), "y": Y}, "has the value nan"),
    "infinite images": (lambda: {"x": np.full((40, 8, 8), -np.inf), "y": Y}, "has the value -inf"),
    "images beyond 2^53": (lambda: {"x": np.full((40, 8, 8), 2**63, np.uint64), "y": Y}, "no certain scale"),
    "the largest floats": (lambda: {"x": np.full((40, 8, 8), 1e308), "y": Y}, "no certain scale"),
    "the smallest integers": (lambda: {"x": np.full((40, 8, 8), -(2**63)), "y": Y}, "no certain scale"),
    "an array twice": (lambda: {"x": X, "X": X, "y": Y}, "twice"),
    "many dimensions": (
        lambda: {"x": array_file("|u1", f"({'1,' * 30})", b"\0"), "y": array_file("|u1", "(1,)", b"\0")},
        "shape",
    ),
}


def write(path: Path, members: Members, compression: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", compression) as archive:
        for key, value in members.items():
            file = io.BytesIO()
            if not isinstance(value, bytes):
                np.save(file, value, allow_pickle=True)
            archive.writestr(f"{key}.npy", value if isinstance(value, bytes) else file.getvalue())
    return path


@pytest.mark.slow
@pytest.mark.parametrize("name", REFUSED)
def test_an_array_that_lies_or_is_odd_is_one_sentence(name: str, tmp_path: Path) -> None:
    make, words = REFUSED[name]
    path = write(tmp_path / "it.npz", make())
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(DatasetError, match=words) as caught:
            load_dataset(path)
        for options in (ReadOptions(all_as_test=True), ReadOptions(pixel_range=(0, 255))):
            with pytest.raises(ConvscopeError):
                load_dataset(path, options)
    assert len(str(caught.value)) < 1000


@pytest.mark.parametrize("compression", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
@pytest.mark.parametrize("members", [{"x": X, "y": Y}, {"other": X}])
def test_only_what_numpy_writes_is_unpacked(compression: int, members: Members, tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="NumPy does not write" if "x" in members else "found other"):
        load_dataset(write(tmp_path / "it.npz", members, compression))


READ: dict[str, Callable[[], Members]] = {
    "half floats": lambda: {"x": X, "y": Y.astype(np.float16) * 1000},
    "long doubles": lambda: {"x": X.astype(np.longdouble), "y": Y.astype(np.longdouble)},
    "large whole labels": lambda: labels([2**60, 2**60 + 1]),
    "the smallest label": lambda: labels([0, -(2**63)]),
    "truth": lambda: {"x": X, "y": Y.astype(bool)},
    "bytes as names": lambda: names([b"\xff\xfe", b"b"]),
    "colours in names": lambda: names(["\x1b[31mred", "\u202egnp"]),
    "a third version": lambda: {"x": array_file("|u1", "(40, 8, 8)", X.tobytes(), version=3), "y": Y},
}


@pytest.mark.parametrize("name", READ)
def test_what_is_odd_but_clear_is_read(name: str, tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        dataset = load_dataset(write(tmp_path / "it.npz", READ[name]()))
    assert dataset.num_classes == 2
    assert all(each.isprintable() for each in dataset.class_names)


@pytest.mark.parametrize(
    "given", [["a", "a"], ["a", ""], ["a", "\ud800"], ["a", "b" * (MAX_NAME + 1)], list(map(str, range(1001)))]
)
@pytest.mark.parametrize("form", ["names", "options", "classes.txt"])
def test_class_names_of_any_source_are_checked_alike(form: str, given: list[str], tmp_path: Path) -> None:
    if form == "names":
        with pytest.raises(DatasetError):
            check_class_names(given, "it")
        return
    for name in ("a", "b"):
        (tmp_path / "it" / name).mkdir(parents=True)
        for number in range(5):
            (tmp_path / "it" / name / f"{number}.pgm").write_bytes(b"P5\n8 8\n255\n" + bytes([number * 9]) * 64)
    (tmp_path / "it" / "classes.txt").write_bytes("\n".join(given).encode("utf-8", "surrogatepass"))
    if form == "options" and "\ud800" in given:  # as a file name that is no UTF-8, it is spelt
        assert load_dataset(tmp_path / "it", ReadOptions(class_names=tuple(given))).class_names == ("a", "\\ud800")
        return
    with pytest.raises(ConvscopeError):
        load_dataset(tmp_path / "it", ReadOptions(class_names=tuple(given) if form == "options" else None))
