"""Several comparisons at once: the more are made, the more of them are remarkable by chance."""

from __future__ import annotations

from collections.abc import Sequence


def holm(p_values: Sequence[float]) -> tuple[float, ...]:
    """Each p-value as it counts among all of them, in the order given: those of at most 0.05 are then, all together, wrong
    with a probability of at most 5%.

    S. Holm, "A simple sequentially rejective multiple test procedure", 1979: the smallest of m is multiplied by m, the next by
    m − 1, and so on, none becomes smaller than one before it, and none exceeds 1. It asks for no independence.
    """
    order = sorted(range(len(p_values)), key=p_values.__getitem__)
    adjusted, highest = [0.0] * len(p_values), 0.0
    for rank, place in enumerate(order):
        highest = max(highest, min(1.0, (len(p_values) - rank) * p_values[place]))
        adjusted[place] = highest
    return tuple(adjusted)
