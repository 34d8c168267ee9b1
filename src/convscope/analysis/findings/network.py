"""What the network costs, and what it cannot see. Counted, so without intervals."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...percent import percent
from .finding import Finding

MOST_LISTED = 6
"""Lines of the input that are named one by one."""


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
    places = [_places(what, lines) for what, lines in (("row", rows), ("column", columns)) if lines]
    # Runs of earlier versions do not name the layers.
    layers = " and ".join(metrics["blind_pixels"].get("layers", ())) or "a layer"
    return Finding(
        f"Input {' and '.join(places)} can never change the answer: no window of {layers} takes in what they lead to.",
        "model_diagram",
        len(rows) + len(columns),
    )


def _places(what: str, lines: list[int]) -> str:
    """``"rows 26 to 27"``; a stride that is wider than its window leaves out lines that do not follow each other."""
    if len(lines) == 1:
        return f"{what} {lines[0]}"
    if lines[-1] - lines[0] == len(lines) - 1:
        return f"{what}s {lines[0]} to {lines[-1]}"
    if len(lines) > MOST_LISTED:
        return f"{len(lines)} {what}s"
    return f"{what}s {', '.join(map(str, lines[:-1]))} and {lines[-1]}"
