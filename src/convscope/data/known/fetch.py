"""Download of known datasets, the only code that opens outgoing connections.

Each file is tried at several mirrors, written under a temporary name and renamed once its checksum matches.
"""

import contextlib
import gzip
import hashlib
import http.client
import queue
import shutil
import threading
import time
import urllib.request
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from ...errors import DatasetError, nearest_name, unknown_name
from ...system.arguments import checked
from ...system.files import make_folder, replacing
from ...system.memory import in_bytes
from ..read_options import ReadListener, ReadProgress
from .builtin import KNOWN
from .registry import KNOWN_SETS, Archive, KnownSet

SECONDS = 30
"""Seconds without data after which a mirror is abandoned."""
BLOCK = 2**20
SLACK = 2**20
"""Bytes beyond the expected size that another compression may need; more means wrong content."""
SLOWEST = 50_000
"""Bytes per second on average; a slower mirror is abandoned."""
MAX_PACKING = 8
"""Bytes that a packed byte becomes at most; images of clothes and their labels are packed to a half."""
QUEUED = 4
HANDLERS = (
    urllib.request.ProxyHandler, urllib.request.HTTPSHandler, urllib.request.HTTPRedirectHandler,
    urllib.request.HTTPErrorProcessor, urllib.request.HTTPDefaultErrorHandler, urllib.request.UnknownHandler,
)  # fmt: skip
"""TLS only, whatever a mirror redirects to."""
AGENT = "convscope (https://pypi.org/project/convscope)"


class _MirrorError(Exception):
    """Why a mirror failed."""


@checked
def fetch_dataset(name: str, progress: ReadListener | None = None) -> Path:
    """Download a known dataset into the user's cache and return its folder.

    Files that are there already are verified, not downloaded again.

    Raises:
        DatasetError: ``name`` is unknown, or all mirrors failed. The message then gives file name, path and checksum for a
            manual download.
        OutputError: The cache cannot be written.
    """
    if name in KNOWN and name not in KNOWN_SETS:
        raise DatasetError(f"{name} is included in convscope and needs no download. Use it directly: convscope train {name}")
    if name not in KNOWN_SETS:
        raise DatasetError(unknown_name("dataset", name, KNOWN_SETS, meant=nearest_name(name, KNOWN)))
    known = KNOWN_SETS[name]
    make_folder(known.home)
    for archive in known.archives:
        _fetch_archive(known, archive, progress)
    return known.home


def _fetch_archive(known: KnownSet, archive: Archive, progress: ReadListener | None) -> None:
    target = known.home / archive.name
    if archive.members and all((known.home / Path(member).name).is_file() for member in archive.members):
        return
    failures: list[str] = []
    if not (target.is_file() and _has_checksum(archive, target, str(target), failures)):
        with replacing(target) as temporary:
            for mirror in archive.mirrors:
                address = mirror + archive.name
                if _download(address, temporary, archive, failures, progress) and _has_checksum(
                    archive, temporary, address, failures
                ):
                    break
            else:
                raise DatasetError(
                    f"cannot download {known.name} ({'; '.join(failures)}). To do it by hand, save {archive.name} "
                    f"({in_bytes(archive.num_bytes)}, {archive.checksum}) as {target} and run convscope fetch {known.name} again."
                )
    if archive.members:
        _unpack(archive, target, known.home)


def _download(address: str, path: Path, archive: Archive, failures: list[str], progress: ReadListener | None) -> bool:
    """Return whether a download is complete; add the reason to ``failures`` if not."""
    try:
        with path.open("wb") as file:
            done = 0
            for block in _blocks(address, archive.num_bytes):
                done += len(block)
                if done > archive.num_bytes + SLACK:
                    raise _MirrorError(f"it sends more than {in_bytes(done)} instead of {in_bytes(archive.num_bytes)}")
                file.write(block)
                if progress:
                    progress(ReadProgress(f"downloading {archive.name}", done, max(archive.num_bytes, done), "bytes"))
    except _MirrorError as error:
        failures.append(f"{address}: {error}")
        return False
    return True


def _blocks(address: str, num_bytes: int) -> Iterator[bytes]:
    """Yield what the mirror sends, in time; any error but _MirrorError is then about the disk."""
    # In a thread, which can be left: names, connections, headers and content may each come byte by byte.
    received: queue.Queue[bytes | BaseException] = queue.Queue(QUEUED)
    threading.Thread(target=_receive, args=(address, received), daemon=True).start()
    seconds = SECONDS + num_bytes / SLOWEST
    end = time.monotonic() + seconds
    while True:
        try:
            block = received.get(timeout=max(0.0, end - time.monotonic()))
        except queue.Empty:
            raise _MirrorError(f"it takes more than {seconds:.0f} seconds") from None
        if isinstance(block, BaseException):
            raise _MirrorError(_reason(block)) from block
        if not block:
            return
        yield block


def _receive(address: str, received: queue.Queue[bytes | BaseException]) -> None:
    """Put what the mirror sends, and an empty block or an error at its end; stop where nobody takes it any more."""
    opener = urllib.request.OpenerDirector()
    for handler in HANDLERS:
        opener.add_handler(handler())
    request = urllib.request.Request(address, headers={"User-Agent": AGENT})  # noqa: S310  (the addresses are our own)
    with contextlib.suppress(queue.Full):
        try:
            with opener.open(request, timeout=SECONDS) as answer:
                while block := answer.read1(BLOCK):
                    received.put(block, timeout=SECONDS)
            received.put(b"", timeout=SECONDS)
        except (OSError, http.client.HTTPException, ValueError) as error:
            received.put(error, timeout=SECONDS)


def _has_checksum(archive: Archive, path: Path, name: str, failures: list[str]) -> bool:
    """Return whether a file has its checksum, and add the reason to ``failures`` if not."""
    expected = archive.sha256 or archive.packed_sha256
    most = (archive.num_bytes + SLACK) * (MAX_PACKING if archive.sha256 else 1)
    try:
        with path.open("rb") as raw:
            found = _sha256(gzip.GzipFile(fileobj=raw) if archive.sha256 else raw, most)
    except (OSError, EOFError, ValueError, zlib.error) as error:
        failures.append(f"{name}: {_reason(error)}")
        return False
    if found != expected:
        failures.append(f"{name}: SHA-256 is {found[:12]}…, not {expected[:12]}…")
    return found == expected


def _unpack(archive: Archive, path: Path, home: Path) -> None:
    """Unpack the needed members into ``home`` and delete the archive."""
    # EMNIST's archive takes half a gigabyte.
    with zipfile.ZipFile(path) as members:
        for member in archive.members:
            target = home / Path(member).name
            with members.open(member) as source, replacing(target) as temporary, temporary.open("wb") as file:
                shutil.copyfileobj(source, file, BLOCK)
    path.unlink()


def _sha256(file: IO[bytes] | gzip.GzipFile, most: int) -> str:
    digest, done = hashlib.sha256(), 0
    while block := file.read(BLOCK):
        done += len(block)
        if done > most:
            raise ValueError(f"it holds more than {in_bytes(most)}")
        digest.update(block)
    return digest.hexdigest()


def _reason(error: BaseException) -> str:
    reason = getattr(error, "reason", None) or getattr(error, "strerror", None) or str(error) or type(error).__name__
    return " ".join(str(reason).split())[:160]
