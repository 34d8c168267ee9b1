"""Room for pixels: whether what a file promises fits into memory, found out before any is taken."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import numpy as np

from ..errors import DatasetError, OutputError
from ..files import make_folder
from ..types import Images
from .cache import cache_folder

MEMORY_FILE = Path("/proc/meminfo")
SHARE = 0.5
"""Of the free memory that images may take before they are kept in a file; training and measuring need the rest."""


def free_memory() -> int | None:
    """Bytes that can be taken without pushing anything out; ``None`` where the system does not tell."""
    try:
        for line in MEMORY_FILE.read_text("ascii").splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
    except (OSError, ValueError, IndexError):
        pass
    return None


def check_memory(needed: int, name: str) -> None:
    """Raise :class:`DatasetError` where ``needed`` bytes, for what ``name`` says, are more than there are."""
    free = free_memory()
    if free is not None and needed > free:
        raise DatasetError(
            f"{name} needs {in_bytes(needed)} of memory, of which {in_bytes(free)} are free; less was expected. "
            "Use fewer or smaller images, or an .npz file that numpy.savez wrote, which is not read whole."
        )


def room_for(shape: tuple[int, int, int, int], name: str) -> Images:
    """An array (n, h, w, c) uint8 of no particular content; in a nameless file where memory is short.

    The system writes pages of that file out when it needs their memory, and deletes it with the process.
    """
    needed = int(np.prod(shape, dtype=np.int64))
    free = free_memory()
    if free is None or needed <= SHARE * free:
        return np.empty(shape, np.uint8)
    try:
        folder = cache_folder()
        make_folder(folder)
        with tempfile.TemporaryFile(dir=folder) as file:
            if hasattr(os, "posix_fallocate"):  # a disk that is full now is an error; one found full later is a signal
                os.posix_fallocate(file.fileno(), 0, needed)
            return np.memmap(file, np.uint8, "w+", shape=shape)
    except (OSError, OutputError) as error:
        raise DatasetError(
            f"{name} needs {in_bytes(needed)}, of which {in_bytes(free)} of memory are free, and there is no such room in the "
            "folder for temporary data either; less was expected. Use a smaller --image-size, or set XDG_CACHE_HOME to a "
            "folder on a larger disk."
        ) from error


def in_bytes(number: int) -> str:
    """``"1.5 GB"``."""
    for unit in ("bytes", "kB", "MB", "GB", "TB"):
        if number < 1000 or unit == "TB":
            return f"{number:,.0f} bytes" if unit == "bytes" else f"{number:,.1f} {unit}"
        number = number / 1000  # type: ignore[assignment]
    raise AssertionError
