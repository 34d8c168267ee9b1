"""The accuracy without confirmed images against counting and statsmodels."""

from __future__ import annotations

import numpy as np
import pytest
from statsmodels.stats.proportion import confint_proportions_2indep

from convscope.analysis.evaluation import Evaluation
from convscope.analysis.label_audit.confirmed import without_confirmed
from convscope.system.dataclass_json import to_json


def evaluation(n: int, wrong: list[int]) -> Evaluation:
    labels = np.zeros(n, int)
    logits = np.tile(np.array([1.0, 0.0], np.float32), (n, 1))
    logits[wrong] = [0, 1]
    return Evaluation(labels, logits, ("a", "b"))


def test_the_counts_are_those_by_hand() -> None:
    found = without_confirmed(evaluation(200, [0, 1, 2, 3, 9]), np.array([0, 1, 50]), confirmed_train=4)
    assert (found.confirmed_train, found.confirmed_test, found.errors, found.errors_without) == (4, 3, 5, 3)
    assert (found.n, found.n_without) == (200, 197)
    assert found.difference == pytest.approx((1 - 3 / 197) - (1 - 5 / 200))
    assert found.difference_interval.low <= found.difference <= found.difference_interval.high


def test_the_interval_is_newcombes_times_the_share_left_out() -> None:
    found = without_confirmed(evaluation(400, list(range(15))), np.arange(10, 30))
    low, high = confint_proportions_2indep(380 - 10, 380, 20 - 5, 20, method="newcomb")
    assert found.difference_interval.low == pytest.approx(low * 20 / 400)
    assert found.difference_interval.high == pytest.approx(high * 20 / 400)


def test_without_confirmed_images_nothing_changes() -> None:
    found = without_confirmed(evaluation(50, [3]), np.empty(0, int))
    assert (found.difference, found.difference_interval.low, found.difference_interval.high) == (0, 0, 0)
    assert to_json(found)["interval"] == to_json(found)["interval_without"]


def test_confirming_every_image_is_rejected() -> None:
    with pytest.raises(ValueError, match="at least one must remain"):
        without_confirmed(evaluation(3, []), np.arange(3))
