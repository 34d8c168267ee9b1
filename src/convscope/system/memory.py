"""Memory for images: checks before allocation, and file-backed arrays."""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from ..errors import DatasetError, OutputError, option
from ..types import Images
from .cache_folder import cache_folder
from .files import make_folder
from .hardware import group_folders, numbers_in

MEMORY_FILE = Path("/proc/meminfo")
SHARE = 0.5
"""Share of the free memory that images may take; training and evaluation need the rest."""


GROUP_FILES = (
    ("memory.max", "memory.current", "inactive_file"),
    ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"),
)
"""Of a control group, in version 2 and 1: its limit, what it uses, and the line of ``memory.stat`` on what it can give back."""


def free_memory() -> int | None:
    """Return the bytes available without swapping, to this machine and to this container; None if nothing reports them."""
    free = [*_free_in_groups()]
    try:
        for line in MEMORY_FILE.read_text("ascii").splitlines():
            if line.startswith("MemAvailable:"):
                free.append(int(line.split()[1]) * 1024)
    except (OSError, ValueError, IndexError):
        pass
    return min(free, default=None)


def _free_in_groups() -> Iterator[int]:
    for folder in group_folders("memory"):
        for limit, used, reclaimable in GROUP_FILES:
            for most in numbers_in(folder / limit).values():
                cached = numbers_in(folder / "memory.stat").get(reclaimable, 0)
                yield max(0, most - numbers_in(folder / used).get("", 0) + cached)


def check_memory(needed: int, name: str) -> None:
    """Check that ``needed`` bytes are available, or raise a DatasetError about ``name``."""
    free = free_memory()
    if free is not None and needed > free:
        raise DatasetError(
            f"{name} needs {in_bytes(needed)} of memory, but only {in_bytes(free)} are free. Use fewer or smaller images, or an "
            ".npz file written by numpy.savez, which is memory-mapped."
        )


def allocate_images(shape: tuple[int, int, int, int], name: str) -> Images:
    """Allocate an uninitialized array (n, h, w, c) uint8, file-backed if memory is short.

    The system can evict pages of that file from memory, and deletes it when the process ends. If neither memory nor
    disk has enough space, that is a DatasetError.
    """
    needed = int(np.prod(shape, dtype=np.int64))
    free = free_memory()
    if free is None or needed <= SHARE * free:
        return np.empty(shape, np.uint8)
    try:
        folder = cache_folder()
        make_folder(folder)
        with tempfile.TemporaryFile(dir=folder) as file:
            if hasattr(os, "posix_fallocate"):  # a full disk is an error here, but a SIGBUS later
                os.posix_fallocate(file.fileno(), 0, needed)
            return np.memmap(file, np.uint8, "w+", shape=shape)
    except (OSError, OutputError) as error:
        raise DatasetError(
            f"{name} needs {in_bytes(needed)}, but only {in_bytes(free)} of memory are free, and the cache folder lacks the space "
            f"too. Use a smaller {option('image_size')}, or set XDG_CACHE_HOME to a folder on a larger disk."
        ) from error


def in_bytes(number: int) -> str:
    """Return a number of bytes with a decimal unit: ``"1.5 GB"``."""
    for unit in ("bytes", "kB", "MB", "GB", "TB"):
        if number < 1000 or unit == "TB":
            return f"{number:,.0f} bytes" if unit == "bytes" else f"{number:,.1f} {unit}"
        number = number / 1000  # type: ignore[assignment]
    raise AssertionError
