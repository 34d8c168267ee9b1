"""Numbers and names as the page writes them."""

from __future__ import annotations

import pytest

from convscope.page import formats


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (formats.percent(0.9935), "99.35%"),
        (formats.percent(None), "–"),
        (formats.percent_range([0.9917, 0.9949]), "99.17–99.49%"),
        (formats.whole(108_618), "108,618"),
        (formats.decimal(0.019046), "0.0190"),
        (formats.rate(0.0024), "0.0024"),
        (formats.rate(9.3e-7), "9.3e−7"),
        (formats.rate(0.0), "0"),
        (formats.duration(35.92), "35.9\xa0s"),
        (formats.duration(147.2), "2\xa0min 27\xa0s"),
        (formats.duration(7320), "2\xa0h 2\xa0min"),
        (formats.memory(108_618 * 4), "424.29\xa0KB"),
        (formats.memory(0), "0.00\xa0B"),
        (formats.day("2026-11-22T07:00:15+00:00"), "22\xa0November 2026"),
        (formats.minute("2026-11-22T07:00:15+00:00"), "22\xa0November 2026, 07:00\xa0UTC"),
        (formats.counted(1, "class", "classes"), "one class"),
        (formats.counted(2, "class", "classes"), "two classes"),
        (formats.counted(1200, "image"), "1,200 images"),
        (formats.decimal_range([0.0171, 0.0234]), "0.0171–0.0234"),
        (formats.decimal_range([None, None]), "–"),
        (formats.p_value(0.0321), "0.032"),
        (formats.p_value(0.00001), "<\xa00.0001"),
        (formats.sides((28, 28)), "28\xa0×\xa028"),
        (formats.capital("two"), "Two"),
    ],
)
def test_is_written_as_expected(written: str, expected: str) -> None:
    assert written == expected


def test_a_probability_is_never_rounded_up_to_certainty() -> None:
    assert formats.confidence(0.999999) == ">\xa099.99%"
    assert formats.confidence(0.97) == "97.00%"


def test_a_name_from_right_to_left_cannot_turn_the_sentence_round() -> None:
    assert formats.name("שלום") == "\u2068שלום\u2069"
    assert formats.name("seven") == "seven"
