from __future__ import annotations

import pytest

from convscope.errors import RunError
from convscope.training.history import EpochRecord, History, history_from_csv

RECORDS = History(
    (EpochRecord(1, 2.5, 0.1 + 0.2, 0.9, 1 / 3, 0.95, 6e-3), EpochRecord(2, 2.25, 0.01, 0.99, 0.02, 0.98, 0.0))
)


def test_a_history_survives_its_csv_to_the_last_bit() -> None:
    assert history_from_csv(RECORDS.to_csv()) == RECORDS


def test_the_columns_are_those_of_the_contract() -> None:
    assert RECORDS.to_csv().splitlines()[0] == "epoch,seconds,loss,accuracy,val_loss,val_accuracy,learning_rate"


@pytest.mark.parametrize(
    "text", ["epoch,loss\n1,0.5\n", "epoch,seconds,loss,accuracy,val_loss,val_accuracy,learning_rate\n1,x\n"]
)
def test_another_csv_is_refused_with_the_columns_that_are_expected(text: str) -> None:
    with pytest.raises(RunError, match="history.csv.*epoch, seconds, loss"):
        history_from_csv(text)
