"""Named arrays in one ``.npz`` file: written atomically, read without unpickling, mapped where large, checked by their form."""

import io
import math
import os
import struct
import zipfile
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, BinaryIO

import numpy as np
import numpy.typing as npt

from ..errors import RunError, reason_of
from ..types import PathLike
from .files import write_bytes
from .forms import LARGEST, FormError, Sizes
from .regular_files import NO_FOLLOW, open_bounded

Array = npt.NDArray[Any]
Wanted = Callable[[str], bool]
SUFFIX, ENCRYPTED = ".npy", 0x1
MARK = b"convscope"
"""Comment of every archive that convscope writes into a run, by which it knows it again; no reader minds it."""
PACKINGS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
"""What NumPy writes."""
MAX_HEADER = 2**16
"""Bytes of the header of an array, which names its shape and type."""
MAX_FILE, MAX_UNPACKED = 2**40, 2**29
"""Bytes of a file, and of all compressed arrays that are read from it: runs compress only the images that a page shows."""
DAMAGE = (OSError, ValueError, EOFError, KeyError, AttributeError, TypeError, zipfile.BadZipFile, zlib.error, NotImplementedError,
          RuntimeError)  # fmt: skip
"""Errors that damaged archives cause in ``zipfile`` and NumPy."""


@dataclass(frozen=True)
class ArrayHeader:
    """The header of a ``.npy`` file, and its length in bytes."""

    shape: tuple[int, ...]
    fortran: bool
    dtype: np.dtype[Any]
    length: int

    @property
    def num_bytes(self) -> int:
        """Bytes of the array."""
        # Python integers, since the product may exceed 64 bits.
        return self.dtype.itemsize * math.prod(self.shape)


def read_array_header(file: IO[bytes]) -> ArrayHeader:
    """Read the header at the beginning of ``file``; ValueError if it is missing or invalid."""
    version = np.lib.format.read_magic(file)
    is_first = version == (1, 0)
    read = np.lib.format.read_array_header_1_0 if is_first else np.lib.format.read_array_header_2_0
    head = file.read(2 if is_first else 4)
    length = int.from_bytes(head, "little")
    if length > MAX_HEADER:  # NumPy would read it first
        raise ValueError(f"a header of {length:,} bytes")
    try:
        shape, fortran, dtype = read(io.BytesIO(head + file.read(length)))
    except (ValueError, EOFError, OSError):
        raise
    except Exception as error:  # NumPy lets Python parse the header, which fails in many ways
        raise ValueError(f"invalid header ({type(error).__name__})") from error
    if any(type(side) is not int or not 0 <= side < 2**63 for side in shape):
        raise ValueError(f"invalid shape {shape}")
    return ArrayHeader(shape, fortran, dtype, file.tell())


def save_arrays(path: Path, arrays: Mapping[str, npt.ArrayLike], *, compressed: bool = False) -> None:
    """Write ``arrays`` to ``path``, the whole file or nothing."""
    # Compression is worth its time for images only: weights and logits look like noise to it.
    buffer = io.BytesIO()
    # NumPy's savez takes names as keywords, and before NumPy 2.1 would save allow_pickle as an array and pickle objects.
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED if compressed else zipfile.ZIP_STORED) as archive:
        for name, array in arrays.items():
            with archive.open(name + SUFFIX, "w", force_zip64=True) as member:
                np.lib.format.write_array(member, np.asarray(array), allow_pickle=False)
        archive.comment = MARK
    write_bytes(path, buffer.getvalue())


def mark(archive: Path) -> None:
    """Mark a zip archive as one that convscope wrote."""
    with zipfile.ZipFile(archive, "a") as opened:
        opened.comment = MARK


def load_arrays(path: Path, wanted: Wanted = lambda name: True) -> dict[str, Array]:
    """Load the ``wanted`` arrays of a file of :func:`save_arrays`, or raise a RunError."""
    try:
        file = open_bounded(path, MAX_FILE, os.O_RDONLY | NO_FOLLOW)
    except OSError as error:
        raise cannot_read(path, error) from error
    with file:
        return read_arrays(file, path, wanted)


def read_arrays(file: BinaryIO, path: PathLike, wanted: Wanted = lambda name: True) -> dict[str, Array]:
    """Return the ``wanted`` arrays of the open file at ``path``, or raise a RunError before anything large is read."""
    try:
        with zipfile.ZipFile(file) as archive:
            members = [each for each in archive.infolist() if wanted(each.filename.removesuffix(SUFFIX))]
            if len({each.filename for each in members}) < len(members):
                raise ValueError("it holds an array twice")
            packed = (each for each in members if each.compress_type != zipfile.ZIP_STORED)
            if (total := sum(each.file_size for each in packed)) > MAX_UNPACKED:
                raise ValueError(f"it unpacks to {total:,} bytes, more than the {MAX_UNPACKED:,} that are read")
            if sum(each.compress_size for each in members) > file.seek(0, os.SEEK_END):
                raise ValueError("its arrays overlap")
            return {each.filename.removesuffix(SUFFIX): _read(archive, each) for each in members}
    except (*DAMAGE, MemoryError) as error:
        raise cannot_read(path, error) from error


def _read(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> Array:
    """Read an array whose header, directory entry and content agree on its size."""
    if member.compress_type not in PACKINGS or member.flag_bits & ENCRYPTED:
        raise ValueError(f"{member.filename!r} is packed in a way that NumPy does not write")
    if member.compress_type == zipfile.ZIP_STORED and member.file_size != member.compress_size:
        raise ValueError(f"{member.filename!r} has two sizes")
    with archive.open(member) as content:
        header = read_array_header(content)
        if header.dtype.hasobject or header.dtype.fields or header.length + header.num_bytes != member.file_size:
            raise ValueError(f"{member.filename!r} declares {header.shape} {header.dtype}, which is not what it holds")
    return read_member(archive, member)


def read_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> Array:
    """Read an array whose header was found to be right."""
    with archive.open(member) as content:
        array: Array = np.lib.format.read_array(content, allow_pickle=False)
        content.read(1)  # zipfile compares the checksum at the end
    return array


def cannot_read(path: PathLike, error: Exception) -> RunError:
    """Return the error for a file of arrays that cannot be read."""
    return RunError(
        f"cannot read the arrays in {str(path)!r} ({reason_of(error)}). Copy the run folder again, or train again."
    )


def below(arrays: Mapping[str, Array], group: str) -> dict[str, Array]:
    """Return the arrays named ``group/NAME``, keyed by NAME."""
    prefix = group + "/"
    return {name.removeprefix(prefix): array for name, array in arrays.items() if name.startswith(prefix)}


INTEGERS, FLOATS, TEXT = "iu", "f", "U"
"""Kinds of types, as NumPy abbreviates them."""
BYTE = "u1"


@dataclass(frozen=True)
class ArrayForm:
    """The form of an array, whose sizes are numbers or names, as in :mod:`convscope.system.forms`."""

    kind: str
    """:data:`INTEGERS`, :data:`FLOATS`, :data:`TEXT` or :data:`BYTE`."""
    shape: tuple[int | str, ...] = ()
    low: float = 0
    high: float | str = LARGEST
    """The largest value; the name of a size stands for one less."""
    size: str = ""
    """Of a number: the size that it gives."""
    choices: tuple[str, ...] = ()
    is_optional: bool = False
    is_ascending: bool = False


def check_arrays(forms: Mapping[str, ArrayForm], arrays: Mapping[str, Array], sizes: Sizes) -> dict[str, Array]:
    """Return the arrays that ``forms`` declares; FormError for the first that is missing or of another form."""
    checked = {}
    for name, form in forms.items():
        if name in arrays:
            _check(name, form, arrays[name], sizes)
            checked[name] = arrays[name]
        elif not form.is_optional:
            raise FormError(f"the array {name} is missing")
    return checked


def _check(name: str, form: ArrayForm, array: Array, sizes: Sizes) -> None:
    type_fits = array.dtype == np.uint8 if form.kind == BYTE else array.dtype.kind in form.kind
    if not type_fits or array.ndim != len(form.shape):
        wanted = {INTEGERS: "whole numbers", FLOATS: "floats", TEXT: "text", BYTE: "bytes"}[form.kind]
        raise FormError(f"{name} has {array.ndim} axes of {array.dtype}, not {len(form.shape)} of {wanted}")
    for axis, (found, size) in enumerate(zip(array.shape, form.shape, strict=True)):
        expected = sizes.setdefault(size, found) if isinstance(size, str) else size
        if found != expected:
            raise FormError(
                f"{name} has {found:,} instead of {expected:,} {size if isinstance(size, str) else ''} on axis {axis}"
            )
    if form.choices and str(array) not in form.choices:
        raise FormError(f"{name} is {str(array)[:60]!r}, not one of {', '.join(form.choices)}")
    if form.kind in (INTEGERS, FLOATS) and array.size:
        high = sizes[form.high] - 1 if isinstance(form.high, str) else form.high
        # Not a number compares as false.
        if not (array.min() >= form.low and array.max() <= high):
            raise FormError(
                f"{name} has values from {array.min():,} to {array.max():,}, not from {form.low:,g} to {high:,g}"
            )
        if form.is_ascending and (np.diff(array) <= 0).any():
            raise FormError(f"{name} does not ascend")
    if form.size and int(array) != sizes.setdefault(form.size, int(array)):
        raise FormError(f"{name} is {int(array):,}, but there are {sizes[form.size]:,} {form.size}")


LARGE = 2**28
"""Smallest array that is mapped, in bytes. Smaller ones are read, because random access is faster in memory."""
LOCAL_HEADER = struct.Struct("<4s22xHH")
"""Local header of a ZIP member: signature, length of name, length of extra field (APPNOTE.TXT, 4.3.7)."""


def map_array(path: PathLike, member: zipfile.ZipInfo) -> npt.NDArray[Any] | None:
    """Map a member of a ``.npz`` archive read-only; return None if it is small or compressed.

    A ValueError means that the headers of the member are damaged.
    """
    if member.compress_type != zipfile.ZIP_STORED or member.file_size < LARGE:
        return None
    with Path(path).open("rb") as file:
        file.seek(member.header_offset)
        signature, name_length, extra_length = LOCAL_HEADER.unpack(file.read(LOCAL_HEADER.size))
        if signature != b"PK\x03\x04":
            raise ValueError(f"no member at byte {member.header_offset}")
        file.seek(name_length + extra_length, 1)
        header = read_array_header(file)
    if header.fortran or header.dtype.hasobject or header.length + header.num_bytes > Path(path).stat().st_size:
        raise ValueError(f"{member.filename} is incomplete, or not plain numbers in row order")
    return np.memmap(path, dtype=header.dtype, mode="r", offset=header.length, shape=header.shape)
