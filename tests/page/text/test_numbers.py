"""Numbers and names as the page writes them."""

from __future__ import annotations

import pytest

from convscope.page.text import numbers


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (numbers.percent(0.9935), "99.35%"),
        (numbers.percent(None), "–"),
        (numbers.percent_range([0.9917, 0.9949]), "99.17–99.49%"),
        (numbers.whole(108_618), "108,618"),
        (numbers.decimal(0.019046), "0.0190"),
        (numbers.rate(0.0024), "0.0024"),
        (numbers.rate(9.3e-7), "9.3e−7"),
        (numbers.rate(0.0), "0"),
        (numbers.duration(35.92), "35.9\xa0s"),
        (numbers.duration(147.2), "2\xa0min 27\xa0s"),
        (numbers.duration(7320), "2\xa0h 2\xa0min"),
        (numbers.memory(108_618 * 4), "424.29\xa0KB"),
        (numbers.memory(0), "0.00\xa0B"),
        (numbers.day("2026-11-22T07:00:15+00:00"), "22\xa0November 2026"),
        (numbers.minute("2026-11-22T07:00:15+00:00"), "22\xa0November 2026, 07:00\xa0UTC"),
        (numbers.counted(1, "class", "classes"), "one class"),
        (numbers.counted(2, "class", "classes"), "two classes"),
        (numbers.counted(1200, "image"), "1,200 images"),
        (numbers.decimal_range([0.0171, 0.0234]), "0.0171–0.0234"),
        (numbers.decimal_range([None, None]), "–"),
        (numbers.p_value(0.0321), "0.032"),
        (numbers.p_value(0.00001), "<\xa00.0001"),
        (numbers.sides((28, 28)), "28\xa0×\xa028"),
        (numbers.capital("two"), "Two"),
    ],
)
def test_is_written_as_expected(written: str, expected: str) -> None:
    assert written == expected


def test_a_probability_is_never_rounded_up_to_certainty() -> None:
    assert numbers.confidence(0.999999) == ">\xa099.99%"
    assert numbers.confidence(0.97) == "97.00%"


def test_a_name_from_right_to_left_cannot_turn_the_sentence_round() -> None:
    assert numbers.name("שלום") == "\u2068שלום\u2069"
    assert numbers.name("seven") == "seven"
