"""What the network costs, and what it cannot see. Counted, so without intervals."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...percent import percent
from .finding import Finding


def costs(layers: list[Mapping[str, Any]]) -> Finding | None:
    """Where the parameters are and where the work is, if that is not the same layer."""
    parameters, work = (sum(layer[key] for layer in layers) for key in ("num_parameters", "multiply_adds"))
    heaviest = max(layers, key=lambda layer: layer["num_parameters"])
    busiest = max(layers, key=lambda layer: layer["multiply_adds"])
    if heaviest["name"] == busiest["name"] or not work:
        return None
    share = heaviest["num_parameters"] / parameters
    return Finding(
        f"{percent(share, 0)} of the parameters are in {heaviest['name']}, but "
        f"{percent(busiest['multiply_adds'] / work, 0)} of the work is done in {busiest['name']}.",
        "model_diagram",
        share,
    )


def blind_pixels(metrics: Mapping[str, Any]) -> Finding | None:
    """Rows and columns of the input that never reach the output."""
    rows, columns = metrics["blind_pixels"]["rows"], metrics["blind_pixels"]["columns"]
    if not rows and not columns:
        return None
    places = [f"{what} {_range(lines)}" for what, lines in (("rows", rows), ("columns", columns)) if lines]
    return Finding(
        f"Input {' and '.join(places)} can never change the answer: the poolings drop what does not fill a window.",
        "model_diagram",
        len(rows) + len(columns),
    )


def _range(lines: list[int]) -> str:
    return str(lines[0]) if len(lines) == 1 else f"{lines[0]} to {lines[-1]}"
