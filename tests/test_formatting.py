"""Numbers and lists as text."""

from __future__ import annotations

import pytest

from convscope.errors import reason_of
from convscope.formatting import (
    count_of,
    format_probability,
    join_words,
    p_value,
    percent,
    percent_range,
    percentage_points,
    shorten_list,
)


def test_shares_are_percentages_without_a_space() -> None:
    assert (percent(0.9935), percent(0.5, 0), percent_range((0.9917, 0.9949))) == ("99.35%", "50%", "99.17–99.49%")


def test_only_all_of_them_are_100_percent() -> None:
    found = [percent(share) for share in (1.0, 1 - 1e-12, 0.99996, 69_999 / 70_000, 0.99994)]
    assert found == ["100.00%", "100.00%", "99.996%", "99.999%", "99.99%"]
    assert (percent(0.996, 0), percent_range((0.9998, 0.99999))) == ("99.6%", "99.98–100.00%")


def test_only_none_of_them_are_0_percent() -> None:
    found = [percent(share) for share in (0.0, 1e-12, 1 / 70_000, 0.00006)]
    assert found == ["0.00%", "0.00%", "0.001%", "0.01%"]
    assert (percent(0.004, 0), percent(0.004, 1)) == ("0.4%", "0.4%")
    ranges = [percent_range(ends, 0) for ends in ((0.0, 0.1), (0.003, 0.1), (0.00004, 0.1), (0.5, 1.0), (0.5, 0.998))]
    assert ranges == ["0–10%", "0.3–10.0%", "0.00–10.00%", "50–100%", "50.0–99.8%"]


@pytest.mark.parametrize(
    ("probability", "text"),
    [
        (1.0, "> 99.99%"),
        (0.99995, "> 99.99%"),
        (0.9999, "99.99%"),
        (0.0001, "0.01%"),
        (0.00001, "< 0.01%"),
        (0.0, "< 0.01%"),
    ],
)
def test_no_probability_is_rounded_to_0_or_100_percent(probability: float, text: str) -> None:
    assert format_probability(probability) == text


def test_differences_have_a_true_minus_and_zero_has_no_sign() -> None:
    assert [percentage_points(each, sign=True) for each in (-0.0083, 0.0121, -0.00001)] == ["−0.83", "+1.21", "0.00"]


def test_p_values_carry_their_relation() -> None:
    assert [p_value(p) for p in (0.42, 0.032, 0.0021, 0.00001)] == ["= 0.42", "= 0.032", "= 0.0021", "< 0.0001"]


def test_lists_are_joined_or_shortened() -> None:
    assert (join_words([]), join_words(["a"]), join_words(["a", "b", "c"], "or")) == ("", "a", "a, b or c")
    assert (shorten_list(list("abc"), 2), shorten_list(list("ab"), 2)) == ("a, b and 1 more", "a, b")
    assert shorten_list(list("ab"), 2, 1236) == "a, b and 1,234 more"
    assert (count_of(1, "error"), count_of(1200, "error"), count_of(2, "class", "classes")) == (
        "1 error", "1,200 errors", "2 classes"
    )  # fmt: skip


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (OSError(13, "Permission denied"), "permission denied"),
        (ValueError("CRC check\n  failed."), "CRC check failed"),
        (KeyError(), "KeyError"),
    ],
)
def test_reasons_fit_into_a_sentence(error: Exception, text: str) -> None:
    assert reason_of(error) == text
