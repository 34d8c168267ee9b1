"""Frozen dataclasses survive JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Literal, NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from convscope.system.dataclass_json import OMIT, from_json, to_json
from convscope.types import Floats, Labels


class Ends(NamedTuple):
    low: float
    high: float


@dataclass(frozen=True)
class Inner:
    JSON_PROPERTIES: ClassVar[tuple[str, ...]] = ("twice",)

    count: int
    ends: Ends
    note: str = "none"

    @property
    def twice(self) -> int:
        return 2 * self.count


@dataclass(frozen=True)
class Outer:
    name: str
    kind: Literal["one", "other"]
    share: float = field(metadata={"json": "portion"})
    inner: Inner | None
    many: tuple[Inner, ...]
    pair: tuple[int, str]
    counts: Mapping[str, int]
    left_out: float = field(default=0.5, metadata=OMIT)


@dataclass(frozen=True, eq=False)
class Arrays:
    labels: Labels
    values: Floats


NUMBERS = st.floats(allow_nan=False, allow_infinity=False)
INNER = st.builds(Inner, st.integers(), st.builds(Ends, NUMBERS, NUMBERS), st.text())
OUTER = st.builds(Outer, st.text(), st.sampled_from(["one", "other"]), NUMBERS, st.none() | INNER,
                  st.lists(INNER).map(tuple), st.tuples(st.integers(), st.text()),
                  st.dictionaries(st.text(), st.integers()))  # fmt: skip


@pytest.mark.slow
@given(OUTER)
def test_what_is_written_is_read_back(outer: Outer) -> None:
    written = json.loads(json.dumps(to_json(outer), allow_nan=False))
    assert from_json(Outer, written) == outer
    assert to_json(from_json(Outer, written)) == written


@given(st.lists(st.integers(-(2**63), 2**63 - 1)), st.lists(NUMBERS))
def test_arrays_are_lists(labels: list[int], values: list[float]) -> None:
    written = json.loads(json.dumps(to_json(Arrays(np.array(labels, np.int64), np.array(values, np.float64)))))
    assert written == {"labels": labels, "values": values}
    read = from_json(Arrays, written)
    assert read.labels.dtype == np.int64
    assert (read.labels.tolist(), read.values.tolist()) == (labels, values)


def test_properties_are_written_and_what_json_does_not_hold_is_given() -> None:
    inner = Inner(np.int64(3), Ends(0.0, 1.0))  # type: ignore[arg-type]
    outer = Outer("a", "one", 0.25, inner, (), (1, "b"), {}, left_out=0.75)
    written = to_json(outer)
    assert written["inner"] == {"count": 3, "ends": [0.0, 1.0], "note": "none", "twice": 6}
    assert written["portion"] == 0.25
    assert not {"share", "left_out"} & set(written)
    assert from_json(Outer, written).left_out == 0.5
    assert from_json(Outer, written, left_out=0.75) == outer


def test_more_than_is_known_is_ignored_and_less_is_an_error() -> None:
    assert from_json(Inner, {"count": 1, "ends": [0, 1], "later": None}) == Inner(1, Ends(0.0, 1.0))
    with pytest.raises(KeyError, match="ends"):
        from_json(Inner, {"count": 1})
    with pytest.raises(TypeError):
        from_json(Inner, {"count": 1, "ends": 3})
    with pytest.raises(ValueError, match="float"):
        from_json(Inner, {"count": 1, "ends": ["low", "high"]})
