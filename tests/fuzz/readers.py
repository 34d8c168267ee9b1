"""What is fuzzed: every reader, with files to begin from, and how to hand it a file whose content was changed."""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import io
import json
import re
import socket
import struct
import subprocess
import sys
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path

import numpy as np
from PIL import Image, features

from convscope.data.images.decode import decode_image
from convscope.data.load import load_dataset
from convscope.data.preprocessing import ImagePreprocessor, preprocessor_for
from convscope.data.read_options import read_class_names
from convscope.errors import ConvscopeError
from convscope.exporters.metadata import NAME
from convscope.models.onnx_writer.protobuf import with_metadata
from convscope.models.predictor import Predictor
from convscope.prediction.classifier import open_classifier
from convscope.runs import files as runs_files
from convscope.runs import run_folder, store

RANDOM = np.random.default_rng(0)
IMAGES = RANDOM.integers(0, 256, (12, 8, 8), dtype=np.uint8)
LABELS = np.arange(12) % 3


@dataclass(frozen=True)
class Reader:
    """``read`` is given the folder to work in and the content of one file; anything but a result or an error of convscope's own
    is a find. ``mend`` makes checksums right again, so that damage gets past them."""

    seeds: Callable[[Path | None], list[bytes]]
    """Files that are as they should be; some come out of a run."""
    read: Callable[[Path, bytes], object]
    mend: Callable[[bytes], bytes] | None = None
    needs_run: bool = False
    """Whether the folder that it works in must hold a run."""


def _npz(**arrays: object) -> bytes:
    file = io.BytesIO()
    np.savez_compressed(file, **arrays)  # type: ignore[arg-type]
    return file.getvalue()


def _npy(array: np.ndarray) -> bytes:
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


def _in_file(name: str, folder: Path, content: bytes) -> object:
    (folder / name).write_bytes(content)
    return load_dataset(folder / name)


def _as_member(folder: Path, content: bytes) -> object:
    """As the images of an archive whose checksums are right."""
    with zipfile.ZipFile(folder / "own.npz", "w") as archive:
        archive.writestr("x.npy", content)
        archive.writestr("y.npy", _npy(LABELS))
    return load_dataset(folder / "own.npz")


def _idx(array: np.ndarray) -> bytes:
    return bytes([0, 0, 8, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape) + array.astype(np.uint8).tobytes()


def _as_idx(which: str, folder: Path, content: bytes) -> object:
    files = {"train-images-idx3-ubyte": _idx(IMAGES), "train-labels-idx1-ubyte": _idx(LABELS), which: content}
    for name, each in files.items():
        (folder / name).write_bytes(each)
    return load_dataset(folder)


TABLES = [
    b"label,a,b,c,d\n" + b"cat,0,1,2,3\ndog,4,5,6,7\n" * 5,
    b"0;1;2;3;255\r\n1;9;9;9;9\r\n" * 5,
    b'"a b"\t0.5\t0.25\t1\t0\nc\t0\t0\t0\t1\n' * 5,
    "\ufefflabel,p\nä,3\nö,4\n".encode() * 4,
]


def _pictures() -> list[bytes]:
    pictures = []
    colours = Image.fromarray(RANDOM.integers(0, 256, (24, 20, 3), dtype=np.uint8))
    exif = Image.Exif()
    exif[0x0112] = 6
    for kind in ("PNG", "JPEG", "GIF", "WEBP", "BMP", "TIFF", "PPM", *["AVIF"] * ("avif" in features.get_supported())):
        for image in (colours, colours.convert("L")):
            file = io.BytesIO()
            image.save(file, kind, **({"exif": exif} if kind in ("JPEG", "WEBP", "PNG") else {}))
            pictures.append(file.getvalue())
    return pictures


def _png_mended(content: bytes) -> bytes:
    place, parts = 8, [content[:8]]
    while content.startswith(b"\x89PNG") and place + 12 <= len(content):
        end = place + 12 + int.from_bytes(content[place : place + 4], "big")
        if end > len(content):
            break
        parts += [content[place : end - 4], zlib.crc32(content[place + 4 : end - 4]).to_bytes(4, "big")]
        place = end
    return b"".join(parts) + content[place:] if len(parts) > 1 else content


def _as_picture(_: Path, content: bytes) -> object:
    pixels = decode_image(content, "it").pixels
    sample = np.zeros((1, 28, 28, 1), np.uint8)
    digits = preprocessor_for({"image_shape": [28, 28, 1], "content": "digits"}, sample)
    return [fitting.preprocess_each(pixels) for fitting in (digits, ImagePreprocessor((16, 16, 3)))]


def _folders() -> list[bytes]:
    return [
        b"a/1.png\nb/2.png\nb/3.png\na/4.png",
        b"train/a/1.png\ntrain/b/2.png\ntest/a/3.png",
        b"a/x/1.png\nB/2.jpg\nb/3.png",
    ]


def _as_folder(folder: Path, content: bytes) -> object:
    """Names of files, one per line, each of which is a picture."""
    good = _pictures()[1]
    for line in content.split(b"\n")[:20]:
        parts = [part for part in line.replace(b"\0", b"").split(b"/") if part not in (b"", b".", b"..")][:6]
        if not parts or any(len(part) > 200 for part in parts):
            continue
        path = Path(str(folder), *(part.decode("utf-8", "surrogateescape") for part in parts))
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(good)
        except OSError:  # a file where there should be a folder
            continue
    return load_dataset(folder)


def _as_class_names(folder: Path, content: bytes) -> object:
    (folder / "classes.txt").write_bytes(content)
    return read_class_names(folder / "classes.txt")


def _run_seeds(run: Path | None = None) -> list[bytes]:
    """The name of a file of a run, and its content."""
    if run is None:
        return []
    return [name.encode() + b"\n" + (run / name).read_bytes() for name in PARTS_OF_RUNS]


PARTS_OF_RUNS = ("run.json", "metrics.json", "manifest.json", "history.csv")
RUN = "run"
"""What the run's folder is called in the folder that a reader works in."""


def _as_part_of_run(folder: Path, content: bytes) -> object:
    """In place of a file of the run, with a manifest that vouches for it."""
    first, _, body = content.partition(b"\n")
    name = first.decode("ascii", "replace")
    name = name if name in PARTS_OF_RUNS else PARTS_OF_RUNS[0]
    run = folder / RUN
    kept = {each: (run / each).read_bytes() for each in (name, runs_files.MANIFEST)}
    try:
        _replace(run / name, body)
        if name != runs_files.MANIFEST:
            manifest = json.loads(kept[runs_files.MANIFEST])
            manifest["files"][name] = {"bytes": len(body), "sha256": hashlib.sha256(body).hexdigest()}
            _replace(run / runs_files.MANIFEST, json.dumps(manifest).encode())
        with contextlib.suppress(ConvscopeError):
            open_classifier(run)
        return store.load_record(run_folder.verify(run))
    finally:
        for each, before in kept.items():
            _replace(run / each, before)


def _replace(path: Path, content: bytes) -> None:
    path.unlink()  # it may be a link to a file that others need
    path.write_bytes(content)


def _model_seeds(run: Path | None = None) -> list[bytes]:
    if run is None:
        return []
    return [Predictor(run / "model.onnx").metadata[NAME].encode()]


def _as_notes_of_a_model(folder: Path, content: bytes) -> object:
    model = with_metadata((folder / RUN / "model.onnx").read_bytes(), {NAME: content.decode("utf-8", "replace")})
    (folder / "own.onnx").write_bytes(model)
    return open_classifier(folder / "own.onnx")


def _requests(run: Path | None) -> list[bytes]:
    file = io.BytesIO()
    Image.fromarray(IMAGES[0]).save(file, "PNG")
    head = b"Host: 127.0.0.1\r\nConnection: close\r\n"
    posted = (
        b"POST /predict?top=2 HTTP/1.1\r\n" + head + b"Content-Length: %d\r\n\r\n" % len(file.getvalue()) + file.getvalue()
    )
    asked = [b"GET %s HTTP/1.1\r\n" % path + head + b"\r\n" for path in (b"/", b"/health", b"/openapi.json", b"/%2e./x?a=b")]
    browser = (
        b"Origin: http://127.0.0.1\r\nSec-Fetch-Site: same-origin\r\nAuthorization: Basic YTpi\r\nExpect: 100-continue\r\n"
    )
    chunked = b"POST /predict HTTP/1.1\r\n" + head + b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"
    return [
        posted,
        *asked,
        posted.replace(b"\r\n\r\n", b"\r\n" + browser + b"\r\n", 1),
        chunked,
        asked[1].replace(b"close", b"x") * 3,
    ]


SERVE = """
import os, sys, threading
threading.Thread(target=lambda: (sys.stdin.read(), os._exit(0)), daemon=True).start()
from convscope.cli.main import main
sys.exit(main())
"""
"""A service that ends when its standard input does."""


@cache
def _service(run: Path) -> tuple[int, object]:
    """Return the port of a service that ends with this process, and what keeps it running."""
    line = [sys.executable, "-c", SERVE, "serve", str(run / runs_files.ONNX_MODEL), "--port", "0", "--quiet"]
    process = subprocess.Popen(line, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    assert process.stdout is not None
    with process.stdout as said:
        return int(said.readline().rstrip("/\n").rsplit(":", 1)[1]), process


def _as_request(folder: Path, content: bytes) -> object:
    """As what a client sends, which then waits for a response for a moment, and asks whether the service is well."""
    port, _ = _service(folder / RUN)
    with contextlib.suppress(ConnectionError, TimeoutError), socket.create_connection(("127.0.0.1", port)) as connection:
        connection.settimeout(0.1)
        connection.sendall(content)
        first = connection.recv(4096)
        assert re.match(rb"HTTP/1\.1 (100|2\d\d|4\d\d|503|505) |$", first), first
    with socket.create_connection(("127.0.0.1", port), timeout=4) as connection:
        connection.sendall(b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert connection.recv(4096).startswith(b"HTTP/1.1 200 ")
    return None


READERS: dict[str, Reader] = {
    "npz": Reader(
        lambda _: [
            _npz(x_train=IMAGES, y_train=LABELS, x_test=IMAGES[:6], y_test=LABELS[:6]),
            _npz(x=IMAGES / 255, y=LABELS),
        ],
        partial(_in_file, "own.npz"),
    ),
    "npy": Reader(
        lambda _: [
            _npy(IMAGES),
            _npy(IMAGES / 255),
            _npy(IMAGES.reshape(12, 64)),
            _npy(np.asfortranarray(IMAGES.astype(">u2"))),
        ],
        _as_member,
    ),
    "idx-images": Reader(lambda _: [_idx(IMAGES), gzip.compress(_idx(IMAGES))], partial(_as_idx, "train-images-idx3-ubyte")),
    "idx-labels": Reader(lambda _: [_idx(LABELS), gzip.compress(_idx(LABELS))], partial(_as_idx, "train-labels-idx1-ubyte")),
    "csv": Reader(lambda _: TABLES, partial(_in_file, "own.csv")),
    "pictures": Reader(lambda _: _pictures(), _as_picture, _png_mended),
    "folder": Reader(lambda _: _folders(), _as_folder),
    "class-names": Reader(lambda _: [b"cat\ndog\n", "\ufeffeins\nzwei\n".encode()], _as_class_names),
    "run": Reader(_run_seeds, _as_part_of_run, needs_run=True),
    "request": Reader(_requests, _as_request, needs_run=True),
    "model": Reader(_model_seeds, _as_notes_of_a_model, needs_run=True),
}
