"""The conclusion is better, worse or open, as the numbers have it."""

from __future__ import annotations

from typing import Any

import pytest

from convscope.analysis.statistics.proportions import wilson
from convscope.page.text.conclusion import paragraphs

from ...gold_files import GoldFiles  # type: ignore[import-not-found]
from ..fixed_page import fixed_page  # type: ignore[import-not-found]

CASES = {
    "better": (97, 196, 1), "much better": (65, 155, 1), "worse": (300, 150, 1), "open": (95, 100, 1),
    "overlapping intervals": (95, 130, 60), "equal": (80, 80, 1), "perfect baseline": (7, 0, 0),
    "perfect": (0, 12, 0), "both perfect": (0, 0, 0),
}  # fmt: skip
"""Errors, errors of the baseline, errors of both."""


def conclusion(errors: int, baseline_errors: int, both_wrong: int, n: int = 10_000) -> str:
    page = fixed_page()
    own, other = (wilson(n - number, n) for number in (errors, baseline_errors))
    page["metrics"]["test"].update(errors=errors, n=n, accuracy=1 - errors / n, interval=[own.low, own.high])
    baseline: dict[str, Any] = page["metrics"]["baseline"]
    baseline.update(
        errors=baseline_errors, accuracy=1 - baseline_errors / n, interval=[other.low, other.high], both_wrong=both_wrong,
        only_baseline_wrong=baseline_errors - both_wrong, only_model_wrong=errors - both_wrong,
        error_ratio=errors / baseline_errors if baseline_errors else None,
    )  # fmt: skip
    return "\n".join(paragraphs(page)).replace("\xa0", " ")


def test_a_baseline_with_the_same_time_may_have_had_other_epochs() -> None:
    page = fixed_page()
    page["metrics"]["epochs"] = 4
    for epochs, expected in (
        (4, "trained with the same settings, reaches"),
        (9, "same settings and time limit, for nine epochs (the CNN for four"),
    ):
        page["metrics"]["baseline"].update(epochs=epochs, same_settings=True)
        assert expected in paragraphs(page)[0].replace("\xa0", " ")


def test_the_words_of_every_outcome(gold: GoldFiles) -> None:
    page = fixed_page()
    del page["metrics"]["baseline"]
    outcomes = {name: conclusion(*case) for name, case in CASES.items()} | {"no baseline": "\n".join(paragraphs(page))}
    gold("page/conclusion", "\n\n".join(f"{name}:\n{text}" for name, text in outcomes.items()))


@pytest.mark.parametrize(("case", "expected", "unexpected"), [
    ("better", ("better by 0.99", "95% CI 0.66 to 1.33", "McNemar test, p < 0.0001", "51% fewer"), "worse"),
    ("much better", ("better by", "58% fewer"), "worse"),
    ("worse", ("worse by 1.50", "95% CI 1.09 to 1.92", "2.00 times"), "better"),
    ("open", ("No difference is shown: 0.05", "95% CI −0.22 to 0.33"), "better"),
    ("overlapping intervals", ("better by 0.35", "McNemar test, p = 0.0006"), "worse"),
    ("equal", ("exactly as many",), "better"),
    ("perfect baseline", ("worse by", "against 0", "images: 7 by the CNN alone."), " 0 by"),
    ("perfect", ("better by", "No errors against 12", "images: 12 by the plain network alone."), "0 errors"),
    ("both perfect", ("makes no errors either", "images: none."), " 0 by"),
])  # fmt: skip
def test_direction_and_numbers_follow_the_errors(case: str, expected: tuple[str, ...], unexpected: str) -> None:
    text = conclusion(*CASES[case])
    for part in expected:
        assert part in text
    assert unexpected not in text


def test_only_a_significant_difference_is_interpreted() -> None:
    assert "several respects" in conclusion(*CASES["better"])
    assert "several respects" not in conclusion(*CASES["open"])
