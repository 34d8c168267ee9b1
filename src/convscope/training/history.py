"""The history of a training: one record per epoch, to and from ``history.csv``."""

import csv
import io
from collections.abc import Iterator
from dataclasses import asdict, astuple, dataclass, fields
from math import inf
from typing import Any

from ..errors import ConfigError, RunError, reason_of, unknown_name
from ..formatting import count_of
from ..system.arguments import checked
from ..system.table import Tabular


@dataclass(frozen=True)
class EpochRecord:
    """The results of one epoch: losses are mean negative log-likelihoods in nats, accuracies in 0..1."""

    epoch: int
    """From 1."""
    seconds: float
    """Time of training and validation."""
    loss: float
    """Mean over the epoch's training images, while the weights change, as is ``accuracy``."""
    accuracy: float
    val_loss: float
    """On the validation images, at the end of the epoch, as is ``val_accuracy``."""
    val_accuracy: float
    learning_rate: float
    """Of the last step."""


COLUMNS = tuple(field.name for field in fields(EpochRecord))


@dataclass(frozen=True)
class History(Tabular):
    """All epochs of a training."""

    records: tuple[EpochRecord, ...]

    def __len__(self) -> int:
        return len(self.records)

    def __iter__(self) -> Iterator[EpochRecord]:
        return iter(self.records)

    def __getitem__(self, index: int) -> EpochRecord:
        return self.records[index]

    @checked
    def column(self, name: str) -> list[float]:
        """Return a value of every epoch, by the name of its field; ConfigError if there is none."""
        names = [field.name for field in fields(EpochRecord)]
        if name not in names:
            raise ConfigError(unknown_name("column", name, names))
        return [getattr(record, name) for record in self.records]

    def as_rows(self) -> list[dict[str, Any]]:
        """Return one row per epoch."""
        return [asdict(record) for record in self.records]

    def __repr__(self) -> str:
        last = f", val_accuracy {self.records[-1].val_accuracy:.4f}" if self.records else ""
        return f"History({count_of(len(self), 'epoch')}{last}, {self.seconds:.1f} s)"

    @property
    def seconds(self) -> float:
        return sum(record.seconds for record in self.records)

    def to_csv(self) -> str:
        """Return one row per epoch under a header; reading the numbers back gives the same floats."""
        buffer = io.StringIO()
        writer = csv.writer(buffer, lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows(astuple(record) for record in self.records)
        return buffer.getvalue()


def history_from_csv(text: str) -> History:
    """Parse what :meth:`History.to_csv` returned; raise :class:`RunError` for anything else."""
    try:
        rows = list(csv.DictReader(io.StringIO(text)))
        records = tuple(EpochRecord(int(row["epoch"]), *(float(row[name]) for name in COLUMNS[1:])) for row in rows)
        for number, each in enumerate(records, start=1):
            shares_fit = 0 <= each.accuracy <= 1 and 0 <= each.val_accuracy <= 1
            if each.epoch != number or not shares_fit or not (0 <= each.seconds < inf and 0 <= each.learning_rate < inf):
                raise ValueError(f"row {number} cannot be that of epoch {number}")
        return History(records)
    except (KeyError, TypeError, ValueError, csv.Error) as error:
        raise RunError(
            f"history.csv does not have numbers in the columns {', '.join(COLUMNS)} ({reason_of(error)}). "
            "Copy the run folder again, or train again."
        ) from error
