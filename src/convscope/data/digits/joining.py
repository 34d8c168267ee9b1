"""Joining of the parts of one digit, such as the strokes of an open 4, with the network as judge.

Boxes alone cannot tell an open 4 from an 11. Two neighbours are one digit if

1. at most a quarter of the height is between them, and together they are not wider than high;
2. the network reads them together as a class that it reads neither of them as, unless one is small, such as the bar of a 5;
3. its probability is high against theirs: log p > log p₁ + log p₂ + 3 · gap / height − 0.5.

The numbers were chosen on the drawings of ``tests/drawn_digits.py``; ``benchmarks/LOG.md`` has the alternatives.
``page/js/image/preprocess/joining.js`` follows the same rule.
"""

from collections.abc import Callable, Sequence

from .grouping import SMALL, DigitGroup, merge_groups

MAX_GAP = 4
"""Parts are at most 1 / 4 of the larger one's height apart."""
GAP_COST, LEEWAY = 3.0, 0.5
Reading = tuple[int, float]
"""The most probable class, and the logarithm of its probability."""


def join_parts(groups: Sequence[DigitGroup], read: Callable[[DigitGroup], Reading]) -> list[DigitGroup]:
    """Join groups that are parts of one digit, those with the best evidence first; ``read`` classifies a group."""
    remaining, readings = list(groups), dict[tuple[int, ...], Reading]()

    def reading(group: DigitGroup) -> Reading:
        if group.pieces not in readings:
            readings[group.pieces] = read(group)
        return readings[group.pieces]

    while True:
        best, pair = 0.0, None
        for place, one in enumerate(remaining):
            for other in remaining[:place]:
                gap, height = one.box.gap_to(other.box), max(one.box.height, other.box.height)
                joined = merge_groups([other, one])
                if MAX_GAP * gap > height or joined.box.width > joined.box.height:
                    continue
                (label, log_p), parts = reading(joined), (reading(one), reading(other))
                small = SMALL * min(one.box.height, other.box.height) < height
                if not small and label in (parts[0][0], parts[1][0]):
                    continue
                evidence = log_p - parts[0][1] - parts[1][1] - GAP_COST * gap / height + LEEWAY
                if evidence > best:
                    best, pair = evidence, (other, one, joined)
        if pair is None:
            return remaining
        remaining = [pair[2] if group is pair[0] else group for group in remaining if group is not pair[1]]
