from __future__ import annotations

import gzip
import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from convscope.data.readers.idx import is_idx, read_idx
from convscope.errors import ConvscopeError, DatasetError
from convscope.system import arrays, memory

CODES = {"|u1": 8, ">i1": 9, "|i1": 9, ">i2": 11, ">i4": 12, ">f4": 13, ">f8": 14}
ANY = (1, 2, 3, 4)


def pack(content: bytes) -> bytes:
    """Without the time of day in it: what names a test must not change from process to process."""
    return gzip.compress(content, mtime=0)


def idx(array: np.ndarray) -> bytes:
    """Written from the format's description, not by our reader."""
    big = array.astype(array.dtype.newbyteorder(">"))
    header = struct.pack(f">BBBB{array.ndim}I", 0, 0, CODES[big.dtype.str], array.ndim, *array.shape)
    return header + big.tobytes()


def header(*sides: int, code: int = 8) -> bytes:
    return bytes([0, 0, code, len(sides)]) + struct.pack(f">{len(sides)}I", *sides)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "train-images-idx3-ubyte"


@settings(max_examples=60, deadline=None)
@given(
    array=hnp.arrays(
        st.sampled_from([np.dtype(code) for code in ("u1", "i1", "i2", "i4", "f4", "f8")]),
        hnp.array_shapes(min_dims=1, max_dims=4, max_side=7),
        elements={"allow_nan": False},
    ),
    packed=st.booleans(),
)
def test_what_was_written_comes_back(array: np.ndarray, packed: bool, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("idx") / "file"
    path.write_bytes(pack(idx(array)) if packed else idx(array))
    found = read_idx(path, ANY)
    assert np.array_equal(found, array)
    assert found.dtype.isnative
    assert is_idx(path)


def test_packed_files_are_known_by_their_bytes_not_by_their_names(file: Path) -> None:
    array = np.arange(24, dtype=np.uint8).reshape(2, 3, 4)
    packed = pack(idx(array)[:20]) + pack(idx(array)[20:])  # two members are one file
    for name, content in (("plain.gz", idx(array)), ("packed", packed)):
        file.with_name(name).write_bytes(content)
        assert np.array_equal(read_idx(file.with_name(name), (3,)), array)


def test_a_large_plain_file_is_mapped_and_never_written_to(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    array = np.arange(240, dtype=np.uint8).reshape(10, 4, 6)
    file.write_bytes(idx(array))
    monkeypatch.setattr(arrays, "LARGE", 240)
    found = read_idx(file, (3,))
    assert isinstance(found, np.memmap)
    assert not found.flags.writeable
    assert np.array_equal(found, array)
    monkeypatch.setattr(arrays, "LARGE", 241)
    assert not isinstance(read_idx(file, (3,)), np.memmap)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (pack(b""), "is empty"),
        (b"\0\0\x08", "begins with the bytes 00 00 08"),
        (b"\0\0\x08\x03\0\0", "ends within its header"),
        (b"<!DOCTYPE html><html>log in</html>", "is a web page"),
        (pack(b"<html>"), "is a web page"),
        (b"PK\3\4 what", "begins with the bytes 50 4b 03 04"),
        (header(4, 2, 2, code=0x0A) + bytes(16), "begins with the bytes 00 00 0a 03"),
        (b"\x03\x08\0\0" + bytes(20), "begins with the bytes 03 08 00 00"),
        (header(4), r"1 dimension \(labels\) instead of 3 or 4.*swapped"),
        (header(2, 2) + bytes(4), r"2 dimensions \(neither"),
        (bytes([0, 0, 8, 255]) + bytes(2000), "255 dimensions"),
        (bytes([0, 0, 8, 0]), "0 dimensions"),
        (header(3, 2, 2) + bytes(11), "declares 3 × 2 × 2, 12 bytes, but 11 follow"),
        (header(3, 2, 2) + bytes(13), "12 bytes, but 13 follow"),
        (pack(header(3, 2, 2) + bytes(11)), "12 bytes, but 11 follow"),
        (pack(header(3, 2, 2) + bytes(10**6)), "12 bytes, but more follow"),
        (header(0xFFFFFFFF, 0xFFFFFFFF, 0xFFFFFFFF) + bytes(9), "but 9 follow"),
        (pack(header(0xFFFFFFFF, 0xFFFFFFFF, 9) + bytes(9)), "but at most [0-9,]+ follow"),
        (header(3, 0, 28), "holds no values: its header declares 3 × 0 × 28"),
        (header(0, 28, 28), "holds no values"),
        (pack(header(3, 2, 2) + bytes(12))[:-9], "cannot read"),
        (pack(header(3, 2, 2) + bytes(12))[:-5] + b"\0\0\0\0\0", "cannot read"),
        (pack(header(3, 2, 2) + bytes(12))[:12] + b"\xff" * 20, "cannot read|begins with"),
    ],
)
def test_what_is_no_whole_file_of_images_is_one_sentence(content: bytes, words: str, file: Path) -> None:
    file.write_bytes(content)
    with pytest.raises(DatasetError, match=words) as caught:
        read_idx(file, (3, 4))
    assert repr(str(file)) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_bomb_is_refused_before_memory_is_spent_on_it(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file.write_bytes(pack(header(1000, 100, 100) + bytes(10**7)))
    monkeypatch.setattr(memory, "free_memory", lambda: 10**6)
    with pytest.raises(DatasetError, match=r"10\.0 MB.* 1\.0 MB"):
        read_idx(file, (3,))


WHOLE = idx(np.arange(60, dtype=np.uint8).reshape(5, 3, 4))


@pytest.mark.slow
@settings(max_examples=200, deadline=None)
@given(data=st.data())
def test_mutated_bytes_give_an_array_or_one_sentence(data: st.DataObject, tmp_path_factory: pytest.TempPathFactory) -> None:
    content = bytearray(pack(WHOLE) if data.draw(st.booleans()) else WHOLE)
    for _ in range(data.draw(st.integers(0, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path = tmp_path_factory.mktemp("idx") / "file"
    path.write_bytes(content[: data.draw(st.integers(0, len(content)))] if data.draw(st.booleans()) else content)
    complaint = ""
    try:
        read_idx(path, (3,))
    except ConvscopeError as error:
        complaint = str(error)
    assert "\n" not in complaint
