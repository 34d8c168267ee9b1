"""Fetching the known datasets that do not ship with convscope: the only module that ever opens a connection, and only when
``convscope fetch`` asks for it.

Each file is tried at several mirrors, goes to a temporary name, is compared with its checksum, and only then gets its own.
"""

from __future__ import annotations

import gzip
import hashlib
import http.client
import shutil
import urllib.request
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from ..errors import DatasetError, unknown_name
from ..files import make_folder, replacing
from .known import KNOWN
from .known_sets import KNOWN_SETS, Archive, KnownSet
from .memory import in_bytes
from .reading import Reading, ReadListener

SECONDS = 30
"""Without a byte, after which a mirror is given up."""
BLOCK = 2**20
SLACK = 2**20
"""Bytes over the expected size, which another packing may need; beyond that a mirror is not sending what it should."""
AGENT = "convscope (https://pypi.org/project/convscope)"


class _MirrorError(Exception):
    """Why nothing, or nothing useful, came from an address."""


def fetch_dataset(name: str, progress: ReadListener | None = None) -> Path:
    """Fetch a known dataset into the user's cache, unless it is there already; the folder that it is in then.

    Raises :class:`DatasetError` where ``name`` is unknown, or where every mirror fails: with the names of the files, their place
    and their checksums, so that they can be fetched by hand. What is in place already is compared, and not fetched again.
    """
    if name in KNOWN and name not in KNOWN_SETS:
        raise DatasetError(f"{name} comes with convscope and needs no fetching; use it: convscope train {name}")
    if name not in KNOWN_SETS:
        raise DatasetError(unknown_name("dataset", name, KNOWN_SETS))
    known = KNOWN_SETS[name]
    make_folder(known.home)
    for archive in known.archives:
        _bring(known, archive, progress)
    return known.home


def _bring(known: KnownSet, archive: Archive, progress: ReadListener | None) -> None:
    place = known.home / archive.name
    if archive.members and all((known.home / Path(member).name).is_file() for member in archive.members):
        return
    failures: list[str] = []
    if not (place.is_file() and _is_right(archive, place, str(place), failures)):
        with replacing(place) as temporary:
            for mirror in archive.mirrors:
                address = mirror + archive.name
                if _download(address, temporary, archive, failures, progress) and _is_right(
                    archive, temporary, address, failures
                ):
                    break
            else:
                raise DatasetError(
                    f"{known.name} cannot be fetched ({'; '.join(failures)}). To do it by hand: get {archive.name} "
                    f"({in_bytes(archive.num_bytes)}, {archive.checksum}), put it at {place}, and run "
                    f"convscope fetch {known.name} again."
                )
    if archive.members:
        _unpack(archive, place, known.home)


def _download(address: str, path: Path, archive: Archive, failures: list[str], progress: ReadListener | None) -> bool:
    """Whether a whole file came, of any content; if not, why is added to ``failures``."""
    try:
        with path.open("wb") as file:
            done = 0
            for block in _blocks(address):
                done += len(block)
                if done > archive.num_bytes + SLACK:
                    raise _MirrorError(f"it sends over {in_bytes(done)} instead of {in_bytes(archive.num_bytes)}")
                file.write(block)
                if progress:
                    progress(Reading(f"fetching {archive.name}", done, max(archive.num_bytes, done), "bytes"))
    except _MirrorError as error:
        failures.append(f"{address}: {error}")
        return False
    return True


def _blocks(address: str) -> Iterator[bytes]:
    """What the mirror sends. Raises :class:`_MirrorError`; so whatever else is raised while writing is about the disk."""
    request = urllib.request.Request(address, headers={"User-Agent": AGENT})  # noqa: S310  (the addresses are our own)
    try:
        with urllib.request.urlopen(request, timeout=SECONDS) as answer:  # noqa: S310
            while block := answer.read(BLOCK):
                yield block
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise _MirrorError(_reason(error)) from error


def _is_right(archive: Archive, path: Path, name: str, failures: list[str]) -> bool:
    """Whether the file has its checksum; if not, why is added to ``failures``."""
    expected = archive.sha256 or archive.packed_sha256
    try:
        with path.open("rb") as raw:
            found = _sha256(gzip.GzipFile(fileobj=raw) if archive.sha256 else raw)
    except (OSError, EOFError, zlib.error) as error:
        failures.append(f"{name}: {_reason(error)}")
        return False
    if found != expected:
        failures.append(f"{name}: its SHA-256 is {found[:12]}…, not {expected[:12]}…")
    return found == expected


def _unpack(archive: Archive, path: Path, home: Path) -> None:
    """The wanted members into ``home``; then the archive goes, half a gigabyte that nobody needs any more."""
    with zipfile.ZipFile(path) as members:
        for member in archive.members:
            place = home / Path(member).name
            with members.open(member) as source, replacing(place) as temporary, temporary.open("wb") as file:
                shutil.copyfileobj(source, file, BLOCK)
    path.unlink()


def _sha256(file: IO[bytes] | gzip.GzipFile) -> str:
    digest = hashlib.sha256()
    while block := file.read(BLOCK):
        digest.update(block)
    return digest.hexdigest()


def _reason(error: BaseException) -> str:
    reason = getattr(error, "reason", None) or getattr(error, "strerror", None) or str(error) or type(error).__name__
    return " ".join(str(reason).split())[:160]
