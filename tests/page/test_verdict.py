"""The conclusion is better, worse or open, as the numbers have it."""

from __future__ import annotations

from typing import Any

import pytest

from convscope.analysis.intervals import wilson
from convscope.page.verdict import verdict

Page = dict[str, Any]


def compared(page: Page, errors: int, baseline_errors: int, *, both_wrong: int = 1, n: int = 10_000) -> str:
    """The conclusion, had the two networks made so many errors, so many of them on the same images."""
    own, other = (wilson(n - number, n) for number in (errors, baseline_errors))
    page["metrics"]["test"].update(errors=errors, n=n, accuracy=1 - errors / n, interval=[own.low, own.high])
    page["metrics"]["baseline"] = {
        "model_name": "ann", "num_parameters": 109_386, "multiply_adds": 109_184, "accuracy": 1 - baseline_errors / n,
        "interval": [other.low, other.high], "errors": baseline_errors, "n": n, "epochs": 10, "train_seconds": 12.4,
        "both_wrong": both_wrong, "only_baseline_wrong": baseline_errors - both_wrong, "only_model_wrong": errors - both_wrong,
        "error_ratio": errors / baseline_errors if baseline_errors else None,
    }  # fmt: skip
    return " ".join(verdict(page)).replace("\xa0", " ")


def test_the_notebooks_own_numbers_give_the_notebooks_conclusion(page: Page) -> None:
    text = compared(page, 97, 196)
    assert "right on 99.03% of the test images" in text
    assert "even better than the ANN" in text
    assert "98.04%" in text
    assert "about halved: 97 mistakes against 196." in text
    assert "The difference is 0.99 percentage points, with 95% confidence between 0.66 and 1.33" in text
    assert "McNemar's test, mid-p < 0.0001" in text


def test_what_was_not_measured_is_not_given_as_the_cause(page: Page) -> None:
    text = compared(page, 97, 196)
    assert "convolutions" not in text
    assert "what the difference comes from was not measured" in text
    assert "Each was trained once" in text


def test_much_better_is_less_than_half(page: Page) -> None:
    assert "less than half: 65 mistakes against 155" in compared(page, 65, 155)


def test_worse_is_called_worse_and_not_explained_away(page: Page) -> None:
    text = compared(page, 300, 150)
    assert "worse than the ANN" in text
    assert "better" not in text
    assert "2.00 times the mistakes" in text
    assert "1.50 percentage points, with 95% confidence between 1.09 and 1.92" in text


def test_what_chance_could_make_settles_nothing(page: Page) -> None:
    text = compared(page, 95, 100)
    assert "no more than chance makes" in text
    assert "With 95% confidence it lies between −0.22 and 0.33." in text
    assert "comes from" not in text


def test_networks_are_told_apart_by_pairs_where_their_intervals_overlap(page: Page) -> None:
    """On the same images: 35 speak for one, 70 for the other, and the 60 that both get wrong for neither."""
    text = compared(page, 95, 130, both_wrong=60)
    assert page["metrics"]["test"]["interval"][0] < page["metrics"]["baseline"]["interval"][1]
    assert "even better than the ANN" in text
    assert "mid-p = 0.0006" in text
    assert "overlap" not in text


def test_equal_is_equal(page: Page) -> None:
    assert "exactly as many mistakes" in compared(page, 80, 80)


def test_a_baseline_without_mistakes_has_no_ratio(page: Page) -> None:
    text = compared(page, 7, 0, both_wrong=0)
    assert "worse" in text
    assert "seven mistakes against 0" in text


def test_without_a_baseline_nothing_is_compared(page: Page) -> None:
    page["metrics"].pop("baseline", None)
    text = " ".join(verdict(page))
    assert "cannot say" in text
    assert "ANN" not in text


@pytest.mark.parametrize("errors", [1, 50, 5000])
def test_both_ends_of_the_interval_are_told(page: Page, errors: int) -> None:
    text = compared(page, errors, 100)
    low, high = page["metrics"]["test"]["interval"]
    assert f"between {low * 100:.2f}% and {high * 100:.2f}%" in text
