"""What happened in a training, epoch by epoch."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import astuple, dataclass, fields

from ..errors import RunError


@dataclass(frozen=True)
class EpochRecord:
    """One epoch. Losses are mean negative log-likelihoods in nats, accuracies are in 0..1.

    ``loss`` and ``accuracy`` are means over the epoch, taken while the weights change; the validation values are taken
    at its end. ``seconds`` covers training and validation; ``learning_rate`` is that of the last step.
    """

    epoch: int
    """From 1."""
    seconds: float
    loss: float
    accuracy: float
    val_loss: float
    val_accuracy: float
    learning_rate: float


COLUMNS = tuple(field.name for field in fields(EpochRecord))


@dataclass(frozen=True)
class History:
    """All epochs of a training."""

    records: tuple[EpochRecord, ...]

    def __len__(self) -> int:
        return len(self.records)

    def __iter__(self) -> Iterator[EpochRecord]:
        return iter(self.records)

    def __getitem__(self, index: int) -> EpochRecord:
        return self.records[index]

    def column(self, name: str) -> list[float]:
        """One column over all epochs."""
        return [getattr(record, name) for record in self.records]

    @property
    def seconds(self) -> float:
        return sum(record.seconds for record in self.records)

    def to_csv(self) -> str:
        """One row per epoch under a header. Numbers are written so that reading them gives the same floats."""
        buffer = io.StringIO()
        writer = csv.writer(buffer, lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows(astuple(record) for record in self.records)
        return buffer.getvalue()


def history_from_csv(text: str) -> History:
    """The inverse of :meth:`History.to_csv`. Raises :class:`RunError` for anything else."""
    try:
        rows = list(csv.DictReader(io.StringIO(text)))
        records = (EpochRecord(int(row["epoch"]), *(float(row[name]) for name in COLUMNS[1:])) for row in rows)
        return History(tuple(records))
    except (KeyError, TypeError, ValueError) as error:
        raise RunError(
            f"history.csv cannot be read ({error!r}); the columns {', '.join(COLUMNS)} were expected. "
            "Copy the run folder again, or train again."
        ) from error
