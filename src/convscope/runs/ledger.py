"""The ledger of a run: one line for each time that it read a test split.

Measuring often enough yields a good number by chance, so the reads are counted. A line is written before the images are
read, so an interrupted evaluation counts as well. Showing an earlier result, or single images of it, does not count.

``ledger.jsonl`` is not in the manifest, because it grows after the run is complete. Each line is appended in one write
and synced: several processes can append at once, and one that dies leaves the earlier lines intact.
"""

import contextlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from ..system.dataclass_json import from_json
from ..system.forms import check, parse_json
from ..types import PathLike
from . import opening
from .files import LEDGER
from .migrations import upgrade_purpose


@dataclass(frozen=True)
class LedgerEntry:
    """One read of ``n`` images of a test split."""

    time: str
    """ISO 8601, in UTC."""
    verb: str
    """``train``, ``report``, ``evaluate``, ``audit`` or ``export``."""
    purpose: str
    """What the images were read for, as a noun phrase."""
    dataset: str
    fingerprint: str
    """SHA-256 of the dataset; equal data have equal fingerprints."""
    split: str
    n: int
    times: int = 1
    """Number of reads; above 1 for a recipe that validates on the test split after every epoch."""


@dataclass(frozen=True)
class Ledger:
    """Records the reads of one test split, of ``n`` images, in the ledger of one run."""

    folder: Path
    verb: str
    dataset: str
    fingerprint: str
    n: int

    def record(self, purpose: str, *, times: int = 1, n: int | None = None) -> bool:
        """Record that ``n`` images (by default all) are about to be read; return False if that fails."""
        now = datetime.now(UTC).isoformat(timespec="seconds")
        entry = LedgerEntry(now, self.verb, purpose, self.dataset, self.fingerprint, "test", n or self.n, times)
        return append(self.folder, entry)


def append(folder: PathLike, entry: LedgerEntry) -> bool:
    """Append a line to the ledger in ``folder``; return False if that fails."""
    line = json.dumps(asdict(entry), ensure_ascii=False, allow_nan=False) + "\n"
    try:
        opening.append_lines(Path(folder) / LEDGER, line)
    except OSError:
        return False
    return True


def read(folder: PathLike) -> tuple[LedgerEntry, ...]:
    """Return the entries of the ledger in ``folder``, oldest first, without incomplete lines; none if there is no ledger."""
    entries = []
    for line in opening.read_ledger(Path(folder)):
        with contextlib.suppress(ValueError):
            entries.append(_entry(line))
    return tuple(entries)


def number_of_readings(entries: Iterable[LedgerEntry], fingerprint: str) -> int:
    """Return how often the test split of the data with this ``fingerprint`` was read."""
    return sum(entry.times for entry in entries if entry.fingerprint == fingerprint)


def counts_by_purpose(entries: Iterable[LedgerEntry], fingerprint: str) -> dict[str, int]:
    """Return how often the test split was read for each purpose, in the order of the first reads."""
    times: dict[str, int] = {}
    for entry in entries:
        if entry.fingerprint == fingerprint:
            times[entry.purpose] = times.get(entry.purpose, 0) + entry.times
    return times


def describe(times: Mapping[str, int]) -> str:
    """Return ``"read 4 times: the final evaluation; validation after every epoch (3 times)"``."""
    parts = [f"{purpose}{'' if count == 1 else f' ({count:,} times)'}" for purpose, count in times.items()]
    total = sum(times.values())
    return f"read {'once' if total == 1 else f'{total:,} times'}: {'; '.join(parts)}"


def _entry(line: str) -> LedgerEntry:
    """Build an entry, ignoring keys of later versions; raise ``ValueError`` for another line."""
    known = parse_json(line)
    check(LedgerEntry, known, {})
    entry = from_json(LedgerEntry, known)
    return replace(entry, purpose=upgrade_purpose(entry.purpose))
