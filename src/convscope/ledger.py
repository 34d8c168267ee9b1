"""The ledger of a run: a line for every time that a test split was read with it.

Who measures often enough finds a good number by chance; so what was measured is counted. A line is written before the images
are read: what is interrupted then counts as well. Looking again at a result, or at single images of it, is no reading.

``ledger.jsonl`` lies in the run folder, beside the manifest and not in it: it grows when the rest is finished. A line is appended
in one write and synced, so that several processes can do so at once, and one that dies leaves the lines before its own as they
were.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from .migrations import upgrade_purpose
from .types import PathLike

LEDGER = "ledger.jsonl"


@dataclass(frozen=True)
class LedgerEntry:
    """One reading of images by which networks are judged."""

    time: str
    """UTC, as ISO 8601 has it."""
    verb: str
    """``train``, ``report``, ``evaluate`` or ``audit``."""
    purpose: str
    """What for, in words that can follow "for"."""
    dataset: str
    """Its name."""
    fingerprint: str
    """SHA-256 of the dataset: equal data, equal fingerprint."""
    split: str
    n: int
    """Images that were read."""
    times: int = 1
    """How often, where more than once: after every epoch, in a recipe that validates on its test split."""


@dataclass(frozen=True)
class Ledger:
    """Where the readings of one test split are entered."""

    folder: Path
    """Of the run."""
    verb: str
    dataset: str
    fingerprint: str
    n: int
    """Images that the test split has."""

    def enter(self, purpose: str, *, times: int = 1, n: int | None = None) -> bool:
        """Note that ``n`` of its images, or all, are about to be read. False where that cannot be written."""
        entry = LedgerEntry(now(), self.verb, purpose, self.dataset, self.fingerprint, "test", n or self.n, times)
        return append(self.folder, entry)


def now() -> str:
    """The time for an entry, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def append(folder: PathLike, entry: LedgerEntry) -> bool:
    """Add a line to the ledger in ``folder``. False where that cannot be written, as on a read-only medium: measuring goes on
    without."""
    line = json.dumps(asdict(entry), ensure_ascii=False, allow_nan=False) + "\n"
    path = Path(folder) / LEDGER
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o666)
    except OSError:
        return False
    try:
        # Where a write was cut short, by a full disk or a power cut, what is left of it gets a line of its own.
        whole = f"\n{line}" if _is_cut_short(descriptor) else line
        content = whole.encode("utf-8")
        done = os.write(descriptor, content) == len(content)
        os.fsync(descriptor)
        return done
    except OSError:
        return False
    finally:
        os.close(descriptor)


def read(folder: PathLike) -> tuple[LedgerEntry, ...]:
    """The entries of the ledger in ``folder``, in the order in which they were written; none where there is no ledger, as in
    runs of earlier versions. Lines that are not whole are left out."""
    try:
        lines = (Path(folder) / LEDGER).read_text("utf-8", errors="replace").split("\n")
    except OSError:
        return ()
    entries = []
    for line in lines:
        with contextlib.suppress(ValueError, TypeError):
            entries.append(_entry(json.loads(line)))
    return tuple(entries)


def number_of_readings(entries: Iterable[LedgerEntry], fingerprint: str) -> int:
    """How often the test split of the data with this ``fingerprint`` was read."""
    return sum(entry.times for entry in entries if entry.fingerprint == fingerprint)


def purposes(entries: Iterable[LedgerEntry], fingerprint: str) -> dict[str, int]:
    """What the test split of the data with this ``fingerprint`` was read for, in the order of the first readings, and how
    often for each."""
    times: dict[str, int] = {}
    for entry in entries:
        if entry.fingerprint == fingerprint:
            times[entry.purpose] = times.get(entry.purpose, 0) + entry.times
    return times


def in_words(times: Mapping[str, int]) -> str:
    """``"read 4 times: the result, after the training; the film, after each epoch (3 times)"``, of :func:`purposes`."""
    parts = [f"{purpose}{'' if count == 1 else f' ({count:,} times)'}" for purpose, count in times.items()]
    total = sum(times.values())
    return f"read {'once' if total == 1 else f'{total:,} times'}: {'; '.join(parts)}"


def _entry(known: Any) -> LedgerEntry:
    """Keys of later versions are ignored. Raises ``TypeError`` or ``ValueError`` where one is missing or of another kind."""
    if not isinstance(known, dict):
        raise TypeError(f"{known!r} is no entry")
    names = {field.name for field in fields(LedgerEntry)}
    entry = LedgerEntry(**{name: value for name, value in known.items() if name in names})
    return LedgerEntry(
        **{**asdict(entry), "purpose": upgrade_purpose(entry.purpose), "n": int(entry.n), "times": int(entry.times)}
    )


def _is_cut_short(descriptor: int) -> bool:
    size = os.fstat(descriptor).st_size
    return size > 0 and os.pread(descriptor, 1, size - 1) != b"\n"
