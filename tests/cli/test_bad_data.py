"""Bad data: each ends in one message and an exit status, without a traceback, and nothing is written.

The tests name the offending value or file; the whole messages are in docs/bad-inputs.md. A message about many files or lines has a
line for each.
"""

from __future__ import annotations

import gzip
import io
import json
import os
import pickle
import re
import stat
import struct
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from convscope.cli.main import main

from ..bad_inputs import BadInputs  # type: ignore[import-not-found]

pytestmark = pytest.mark.usefixtures("never_hangs")  # pipes, devices and links that lead nowhere
GENERATOR = np.random.default_rng(0)
IMAGES = GENERATOR.integers(0, 256, (12, 4, 4), dtype=np.uint8)
LABELS = np.arange(12) % 3
GOOD = {"x_train": IMAGES, "y_train": LABELS, "x_test": IMAGES[:6], "y_test": LABELS[:6]}
NAMES = ("--class-names", "a,b")
Build = Callable[[Path], "list[object]"]


def npz(options: tuple[object, ...] = (), **changes: object) -> Build:
    def build(folder: Path) -> list[object]:
        arrays = {key: value for key, value in {**GOOD, **changes}.items() if value is not None}
        np.savez(folder / "own.npz", **arrays)  # type: ignore[arg-type]
        return [folder / "own.npz", *options]

    return build


def raw(name: str, content: bytes) -> Build:
    def build(folder: Path) -> list[object]:
        (folder / name).write_bytes(content)
        return [folder / name]

    return build


def members(*parts: tuple[str, bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts:
            archive.writestr(name, content)
    return file.getvalue()


def npy(shape: str) -> bytes:
    text = f"{{'descr': '|u1', 'fortran_order': False, 'shape': {shape}, }}".encode()
    text += b" " * (-(len(text) + 11) % 64) + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text


def idx(*sides: int, data: bytes | None = None, code: int = 8) -> bytes:
    size = int(np.prod(sides)) if data is None else 0
    return bytes([0, 0, code, len(sides)]) + struct.pack(f">{len(sides)}I", *sides) + (data or bytes(size))


IDX = {"images": idx(12, 4, 4), "labels": idx(12, data=bytes([0, 1, 2] * 4))}
FILES = {
    "images": "train-images-idx3-ubyte",
    "labels": "train-labels-idx1-ubyte",
    "test_images": "t10k-images-idx3-ubyte",
    "test_labels": "t10k-labels-idx1-ubyte",
}


def idx_folder(**changes: bytes) -> Build:
    """By the names in ``FILES``."""

    def build(folder: Path) -> list[object]:
        (folder / "set").mkdir()
        for name, content in {**IDX, **changes}.items():
            (folder / "set" / FILES[name]).write_bytes(content)
        return [folder / "set"]

    return build


def csv(text: str | bytes, *options: object) -> Build:
    def build(folder: Path) -> list[object]:
        (folder / "own.csv").write_bytes(text if isinstance(text, bytes) else text.encode())
        return [folder / "own.csv", *options]

    return build


MANY = "\n".join(f"{index},{index % 2},3,4,1" for index in range(2000))
EITHER = "\n".join(f"{index % 256},7,{index % 3},{index * 7 % 251},{index % 4}" for index in range(1024))
ROW = "cat,0,1,2,3\ndog,4,5,6,7\n" * 5


def pictures(*extra: tuple[str, bytes], options: tuple[object, ...] = (), classes: int = 3) -> Build:
    def build(folder: Path) -> list[object]:
        root = folder / "photos"
        root.mkdir()
        for index, image in enumerate(IMAGES):
            place = root / f"class {index % classes}"
            place.mkdir(exist_ok=True)
            Image.fromarray(image).resize((12, 12)).save(place / f"{index}.png")
        for name, content in extra:
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            if content == b"pipe":
                os.mkfifo(root / name)
            elif content.startswith(b"->"):
                (root / name).symlink_to(content[2:].decode())
            elif name.endswith("/"):
                (root / name).mkdir()
            else:
                (root / name).write_bytes(content)
        return [root, *options]

    return build


def picture(kind: str = "PNG", size: tuple[int, int] = (12, 12)) -> bytes:
    file = io.BytesIO()
    Image.fromarray(GENERATOR.integers(0, 256, (*size[::-1], 3), dtype=np.uint8)).save(file, kind)
    return file.getvalue()


def huge(width: int, height: int) -> bytes:
    """A PNG whose header claims many pixels."""
    whole = bytearray(picture())
    whole[16:24] = struct.pack(">II", width, height)
    whole[29:33] = struct.pack(">I", zlib.crc32(bytes(whole[12:29])))
    return bytes(whole)


def tree(*names: str) -> Build:
    def build(folder: Path) -> list[object]:
        for name in ("photos/", *names):
            path = folder / name
            (path if name.endswith("/") else path.parent).mkdir(parents=True, exist_ok=True)
            if not name.endswith("/"):
                path.write_bytes(picture())
        return [folder / "photos"]

    return build


def run_folder(folder: Path) -> list[object]:
    (folder / "run.json").write_text("{}")
    return [folder]


def words(*arguments: object) -> Build:
    return lambda _: list(arguments)


def overlapping() -> bytes:
    """Two members that begin at the same byte."""
    whole = bytearray(members(*((name, npy("(9,)") + bytes(9)) for name in ("x.npy", "y.npy"))))
    second = whole.rindex(b"PK\x01\x02")
    whole[second + 42 : second + 46] = bytes(4)
    return bytes(whole)


def own_digits(folder: Path) -> list[object]:
    Path("digits").mkdir()
    return ["digits"]


TRAIN = ("photos/train/a/1.png", "photos/train/b/1.png")
CASES: dict[str, tuple[Build, int, str]] = {
    "N01 an empty .npz": (raw("own.npz", b""), 1, "own.npz"),
    "N02 an .npz cut in half": (raw("own.npz", members(("x.npy", npy("(9,)")))[:60]), 1, "own.npz"),
    "N04 a pickle called .npz": (raw("own.npz", pickle.dumps([1])), 1, "own.npz"),
    "N05 an array of objects": (npz(x_train=np.array([{}] * 12)), 1, "pickled"),
    "N06 other names": (npz(x_train=None, X=IMAGES), 1, "X (12, 4, 4) uint8"),
    "N07 no labels": (raw("own.npz", members(("x.npy", npy("(9,)")))), 1, "x (9,) uint8"),
    "N08 a header of a petabyte": (raw("own.npz", members(("x.npy", npy(f"({2**50},)")), ("y.npy", npy("(2,)")))), 1, "own.npz"),
    "N09 a header of 2**64": (raw("own.npz", members(("x.npy", npy(f"({2**64},)")), ("y.npy", npy("(2,)")))), 1, "own.npz"),
    "N10 a side below 0": (raw("own.npz", members(("x.npy", npy("(-1, 4)")), ("y.npy", npy("(2,)")))), 1, "(-1"),
    "N12 members that overlap": (raw("own.npz", overlapping()), 1, "own.npz"),
    "N14 names that lead elsewhere": (raw("own.npz", members(("../x.npy", npy("(2,)")))), 1, "../x"),
    "N15 a long header": (raw("own.npz", members(("x.npy", npy("(" + "1," * 30000 + ")")), ("y.npy", b""))), 1, "own.npz"),
    "N16 pixels that are no number": (npz(x_train=np.full((12, 4, 4), np.nan)), 1, "nan"),
    "N17 scales that differ": (npz(x_train=IMAGES / 255), 1, "255"),
    "N17 values of no scale": (npz(x_train=IMAGES * 1000.0), 1, "249000"),
    "N18 complex pixels": (npz(x_train=IMAGES * 1j), 1, "complex128"),
    "N19 rows that are no square": (npz(x_train=IMAGES.reshape(12, 16)[:, :15]), 1, "(12, 15)"),
    "N19 images of five channels": (npz(x_train=np.zeros((12, 8, 8, 5), np.uint8)), 1, "got 5"),
    "N20 a label too few": (npz(y_train=LABELS[:-1]), 1, "11 labels"),
    "N21 no images": (npz(x_train=IMAGES[:0], y_train=LABELS[:0]), 1, "own.npz"),
    "Y01 a label below 0 beside names": (npz(y_train=LABELS - 1, options=NAMES), 2, "2 "),
    "Y03 a label between two": (npz(y_train=LABELS + 0.5), 1, "0.5"),
    "Y05 one label only": (npz(y_train=LABELS * 0, y_test=LABELS[:6] * 0), 1, "'0'"),
    "I01 a packed file cut off": (idx_folder(images=gzip.compress(IDX["images"])[:-9]), 1, FILES["images"]),
    "I03 an empty IDX file": (idx_folder(images=gzip.compress(b"")), 1, "empty"),
    "I04 a web page": (idx_folder(images=b"<html>log in</html>"), 1, "web page"),
    "I05 images and labels mixed up": (idx_folder(images=IDX["labels"]), 1, FILES["images"]),
    "I06 an unknown type": (idx_folder(images=idx(12, 4, 4, code=10)), 1, "00 00 0a 03"),
    "I07 more promised than there": (idx_folder(images=idx(13, 4, 4, data=bytes(192))), 1, "192"),
    "I08 more there than promised": (idx_folder(images=idx(11, 4, 4, data=bytes(192))), 1, "192"),
    "I09 sides of four billion": (idx_folder(images=idx(2**32 - 1, 2**32 - 1, 9, data=bytes(9))), 1, FILES["images"]),
    "I10 images without height": (idx_folder(images=idx(12, 0, 4, data=b"")), 1, FILES["images"]),
    "I11 shorter than its header": (idx_folder(images=b"\0\0\x08\x03\0"), 1, "header"),
    "I13 a bomb": (idx_folder(images=gzip.compress(idx(12, 4, 4, data=bytes(10**7)))), 1, FILES["images"]),
    "I15 labels of another set": (idx_folder(labels=idx(9)), 1, "9 labels"),
    "I16 a test split of another size": (idx_folder(test_images=idx(3, 5, 5), test_labels=idx(3)), 1, "(5, 5, 1)"),
    "C01 an empty table": (csv(""), 1, "empty"),
    "C01 a header alone": (csv("label,a,b,c,d\n"), 1, "header"),
    "C02 a ragged line": (csv(ROW + "cat,1,2\n"), 1, "line 11"),
    "C05 a table in UTF-16": (csv(ROW.encode("utf-16")), 1, "UTF-16"),
    "C05 a label in Latin-1": (csv(ROW.replace("cat", "kätzchen").encode("latin-1")), 1, "UTF-8"),
    "C07 pixels out of range": (csv(ROW + "cat,1,2,256,4\ncat,-1,2,3,4\ncat,1e400,1,1,1\n"), 1, "256"),
    "C08 no number, nothing": (csv(ROW + "cat,nan,2,3,4\ncat,,2,3,4\n"), 1, "'nan'"),
    "C09 zero bytes": (csv(ROW + "cat,1,\0,3,4\n"), 1, "column 3"),
    "C09 a number of 5,000 digits": (csv(ROW + f"cat,{'9' * 5000},2,3,4\n"), 1, "column 2"),
    "C11 785 pixels": (csv("label," + ",".join(f"p{n}" for n in range(785)) + "\n" + ",".join(["1"] * 786)), 1, "785"),
    "C11 a label column too many": (csv((",".join(["1"] * 786) + "\n") * 9), 1, "column 2"),
    "C11 ids instead of labels": (csv("\n".join(["id,a,b,c,d", *(f"{n},1,2,3,4" for n in range(99))])), 1, "'id'"),
    "C12 labels in the last column": (csv(MANY), 1, "2,000"),
    "C12 labels in either column": (csv(EITHER), 1, "256"),
    "C17 one class": (csv("cat,1,2,3,4\n" * 9), 1, "'cat'"),
    "D01 nothing there": (words("no/such/folder"), 1, "no/such/folder"),
    "D02 no folders of classes": (tree("photos/1.png", "photos/2.png"), 1, "photos"),
    "D03 one class": (tree("photos/cat/1.png"), 1, "'cat'"),
    "D04 empty classes": (tree("photos/cat/", "photos/dog/"), 1, "photos"),
    "D06 splits beside classes": (tree(*TRAIN, "photos/c/1.png"), 1, "photos"),
    "D06 a class in the test split only": (tree(*TRAIN, "photos/test/c/1.png"), 1, "train"),
    "D06 splits without a training split": (
        tree("photos/test/a/1.png", "photos/test/b/1.png", "photos/val/a/1.png"), 1, "'test'"
    ),
    "D06 splits of other names": (
        tree(*(f"photos/{part}/{kind}/1.png" for part in ("fold 1", "fold 2") for kind in "ab")), 1, "photos"
    ),
    "D06 splits without class folders": (tree("photos/train/1.png", "photos/test/1.png"), 1, "'test' and 'train'"),
    "D06 splits below classes": (
        tree(*(f"photos/{kind}/{part}/1.png" for part in ("train", "test") for kind in "ab")), 1, "test/a"
    ),
    "D06 images and masks": (tree("photos/images/1.png", "photos/masks/1.png"), 1, "'masks'"),
    "D09 text called .png": (pictures(("class 0/x.png", b"hello")), 1, "'class 0/x.png'"),
    "D10 several bad ones": (pictures(*((f"class 0/{n}.png", b"") for n in "abc")), 1, "3 of 15"),
    "D11 more than a fifth bad": (
        pictures(*((f"class 0/{n}.png", b"") for n in "abcd"), options=("--skip-bad-images",)), 1, "20%"
    ),
    "D14 a link to nowhere": (pictures(("class 0/x.png", b"->nowhere")), 1, "class 0/x.png"),
    "D15 a pipe": (pictures(("class 0/x.png", b"pipe")), 1, "pipe"),
    "D15 a device": (pictures(("class 0/x.png", b"->/dev/zero")), 1, "device"),
    "D19 names that look the same": (tree("photos/caf\u00e9/1.png", "photos/cafe\u0301/1.png"), 1, "caf"),
    "D23 too many classes": (tree(*(f"photos/{index}/1.png" for index in range(1001))), 1, "1,001"),
    "P02 a picture cut off": (pictures(("class 0/x.png", picture()[:-30])), 1, "class 0/x.png"),
    "P02 a JPEG cut off": (pictures(("class 0/x.jpg", picture("JPEG")[:-200])), 1, "class 0/x.jpg"),
    "P04 a damaged picture": (pictures(("class 0/x.png", picture()[:60] + b"\xff\xff" + picture()[62:])), 1, "class 0/x.png"),
    "P05 ten billion pixels": (pictures(("class 0/x.png", huge(100_000, 100_000))), 1, "64 million"),
    "P08 a PDF": (pictures(("class 0/x.png", b"%PDF-1.7")), 1, "PDF"),
    "P09 a tracking dot": (pictures(("class 0/x.png", picture(size=(1, 1)))), 1, "at least 4"),
    "K04 an option misspelt": (words("mnist", "--image-sise", "3"), 2, "--image-sise"),
    "K05 a size that is none": (pictures(options=("--image-size", "big")), 2, "'big'"),
    "K05 a size of nothing": (pictures(options=("--image-size", "0")), 2, "2,048"),
    "K05 names that are none": (pictures(options=("--class-names", "cat")), 2, "'cat'"),
    "K05 a preparation that is none": (pictures(options=("--prepare", "crop")), 2, "'crop'"),
    "K05 a share that is none": (pictures(options=("--most-bad", "2")), 2, "0 to 1"),
    "K05 no share for the test": (pictures(options=("--test-share", "0")), 2, "got 0.0"),
    "K05 a share of a set with a test split": (words("mnist", "--test-share", "0.3"), 2, "mnist"),
    "K05 a name twice": (pictures(options=("--class-names", "a,b,a")), 2, "'a'"),
    "K05 too few names": (pictures(options=("--class-names", "a,b")), 2, "2 "),
    "K05 a size for what has one": (words("digits", "--image-size", "28"), 2, "digits"),
    "K13 a known set that is not there": (words("kmnist"), 1, "convscope fetch kmnist"),
    "K13 a known name of a folder": (own_digits, 1, "./digits"),
    "K13 an address": (words("https://example.org/mnist.npz"), 1, "example.org"),
    "K13 a name misspelt": (words("fashon"), 1, "'fashion'"),
    "X a run instead of data": (run_folder, 1, "run"),
    "X a zip of pictures": (raw("photos.zip", members(("cat/1.png", picture()))), 1, "photos.zip"),
    "X a single array": (raw("x.npy", npy("(9,)")), 1, "numpy.savez"),
    "X a model": (raw("model.keras", b"PK"), 1, "model"),
}  # fmt: skip


def contents(folder: Path) -> dict[Path, object]:
    """Everything below ``folder``, to the byte; of links where they lead, of pipes that they are some."""
    found: dict[Path, object] = {}
    for path in sorted(folder.rglob("*")):
        kind = stat.S_IFMT(path.lstat().st_mode)
        is_file, is_link = kind == stat.S_IFREG, kind == stat.S_IFLNK
        found[path] = path.read_bytes() if is_file else os.readlink(path) if is_link else kind
    return found


def test_data_shows_the_pictures_beside_those_that_cannot_be_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    many = [(f"class 0/{name}.png", b"") for name in "abcdefgh"]  # more than a fifth
    (folder,) = pictures(*many)(tmp_path)
    assert main(["data", str(folder), "--json"]) == 1
    printed = capsys.readouterr()
    shown = json.loads(printed.out)
    assert shown["train"]["n"] + shown["test"]["n"] == 12
    assert all(f"'{name}' is empty" in printed.err for name, _ in many)


@pytest.mark.slow
@pytest.mark.parametrize("name", CASES)
def test_bad_data_are_one_error_and_an_exit_status(
    name: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    bad_inputs: BadInputs,
) -> None:
    build, status, expected = CASES[name]
    home = tmp_path / "home"
    (home / "work").mkdir(parents=True)
    (tmp_path / "data").mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("XDG_CACHE_HOME", str(home / "cache"))
    monkeypatch.delenv("KERAS_HOME", raising=False)
    monkeypatch.chdir(home / "work")
    arguments = list(map(str, build(tmp_path / "data")))
    before = contents(tmp_path)
    for verb in ("data", "train"):
        assert main([verb, *arguments]) == status
        printed = capsys.readouterr()
        first, *rest = [line for line in printed.err.splitlines() if not line.startswith(("Usage:", "Try ")) and line]
        assert first.startswith("convscope: error: "), printed.err
        shows_the_rest = verb == "data" and re.search(r"cannot read \d+ of \d+ image files", first)
        assert bool(printed.out) == bool(shows_the_rest), printed.out
        assert "internal error" not in printed.err
        assert "Traceback" not in printed.err
        assert expected in printed.err
        assert all(line.startswith("  ") for line in rest)
        if verb == "data":
            bad_inputs.met("data", name, status, printed.err, [tmp_path / "data", home])
        assert printed.err.isprintable() or set(filter(lambda each: not each.isprintable(), printed.err)) == {"\n"}
    assert contents(tmp_path) == before, "nothing was written, changed or lost"
