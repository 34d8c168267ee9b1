"""Decoded image files of a folder, kept in the user's cache for the next command on the same files.

An entry is found by a fingerprint of the contents and names of all files, of the preprocessing, and of the code that decodes. So an
entry can be missing, but never outdated. Entries are arrays without pickles; a damaged one is as good as none.
"""

import contextlib
import hashlib
import json
import os
import time
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path

import numpy as np

from ..._version import __version__
from ...errors import ConvscopeError, PictureError
from ...system.arrays import load_arrays, save_arrays
from ...system.cache_folder import cache_folder
from ...system.files import is_temporary
from ...types import Images
from ..images.files import read_image_file
from ..preprocessing import ImagePreprocessor
from ..read_options import ReadListener
from ..threads import each_in_threads
from .image_folder_decoding import Decoded, decode_all
from .pixel_scale import GivenRange

FOLDER = "decoded"
MAX_ENTRY, MAX_TOTAL = 512 * 2**20, 2 * 2**30
"""Bytes. A larger set of images is not kept; beyond the total, the entries that were not used for longest are removed."""
LEFT_OVER = 24 * 3600
"""Age in seconds from which a temporary file is taken for that of a killed process."""


def decode_cached(
    paths: Sequence[str],
    root: str,
    preprocessor: ImagePreprocessor,
    progress: ReadListener | None,
    *,
    keeps_channels: bool = False,
    given: GivenRange | None = None,
) -> Decoded:
    """Return what :func:`decode_all` returns, from the cache if it is there; otherwise it is decoded and kept.

    Folders with unreadable files are not kept: another decoder may be installed later.
    """
    try:
        folder = cache_folder() / FOLDER
    except ConvscopeError:  # this user has no folder for a cache
        return decode_all(paths, root, preprocessor, progress, keeps_channels=keeps_channels, given=given)
    entry = folder / f"{_fingerprint(paths, root, progress, (preprocessor, keeps_channels, given))}.npz"
    if found := _load(entry, len(paths)):
        return found
    decoded = decode_all(paths, root, preprocessor, progress, keeps_channels=keeps_channels, given=given)
    if not decoded.bad and not isinstance(decoded.images, np.memmap) and decoded.images.nbytes <= MAX_ENTRY:
        with contextlib.suppress(OSError, ConvscopeError):  # a full or locked disk must not cost the result
            _store(decoded, entry)
    return decoded


def _fingerprint(paths: Sequence[str], root: str, progress: ReadListener | None, settings: tuple[object, ...]) -> str:
    def content(path: str) -> str:
        try:
            return hashlib.sha256(read_image_file(path)).hexdigest()
        except PictureError as error:
            return str(error)

    versions = [__version__, metadata.version("pillow"), metadata.version("numpy"), _code()]
    names = [os.path.relpath(path, root) for path in paths]
    contents = each_in_threads("looking for decoded image files", content, paths, progress)
    everything = [versions, repr(settings), names, contents]
    return hashlib.sha256(json.dumps(everything).encode("utf-8", "surrogateescape")).hexdigest()


def _code() -> str:
    """Return the fingerprint of the package that decodes and preprocesses."""
    sources = sorted(Path(__file__).parents[1].rglob("*.py"))
    return hashlib.sha256(b"".join(source.read_bytes() for source in sources)).hexdigest()


def _load(entry: Path, count: int) -> Decoded | None:
    if not entry.is_file():
        return None
    try:
        arrays = load_arrays(entry)
        images, several = arrays["images"], json.loads(arrays["several"].tobytes())
        is_whole = arrays["sha256"].tobytes() == _digest(images) and images.dtype == np.uint8 and images.ndim == 4
        if not is_whole or len(images) != count:
            return None
        with contextlib.suppress(OSError):
            os.utime(entry)
        return Decoded(images, {}, tuple(map(str, several)))
    except Exception:  # noqa: BLE001  (a damaged entry fails in many ways, and decoding replaces it)
        return None


def _store(decoded: Decoded, entry: Path) -> None:
    entry.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    several = np.frombuffer(json.dumps(list(decoded.several)).encode(), np.uint8)
    digest = np.frombuffer(_digest(decoded.images), np.uint8)
    save_arrays(entry, {"images": decoded.images, "several": several, "sha256": digest})
    _prune(entry.parent)


def _prune(folder: Path) -> None:
    """Remove the entries that were not used for longest, and what killed processes left."""
    for path in folder.iterdir():
        if is_temporary(path.name) and time.time() - path.stat().st_mtime > LEFT_OVER:
            path.unlink(missing_ok=True)
    total = 0
    for path in sorted(folder.glob("*.npz"), key=lambda path: path.stat().st_mtime, reverse=True):
        if is_temporary(path.name):
            continue
        total += path.stat().st_size
        if total > MAX_TOTAL:
            path.unlink(missing_ok=True)


def _digest(images: Images) -> bytes:
    return hashlib.sha256(np.ascontiguousarray(images).data).digest()
