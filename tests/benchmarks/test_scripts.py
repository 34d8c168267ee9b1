"""The scripts in `benchmarks/` import, and the functions that `parts.py` times exist."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

import pytest

from ..scripts import load_script  # type: ignore[import-not-found]

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
SCRIPTS = sorted(path.stem for path in BENCHMARKS.glob("*.py"))


def load(name: str) -> ModuleType:
    return load_script(BENCHMARKS / f"{name}.py")


# original.py imports Keras, which the other tests of a process may not have configured yet.
@pytest.mark.parametrize("name", [name for name in SCRIPTS if name != "original"])
def test_every_script_imports(name: str) -> None:
    assert load(name).__doc__


def test_every_timed_function_exists() -> None:
    parts = load("parts")
    missing = [
        (owner, name) for owner, name, _ in parts.FUNCTIONS if not callable(getattr(parts.owner_of(owner), name, None))
    ]
    assert missing == []


def test_the_parts_of_a_command_add_up_to_the_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    parts = load("parts")
    now = [0.0]
    monkeypatch.setattr(parts.time, "time", lambda: now[0])
    clock = parts.Clock(0.0)
    for part, seconds in ((parts.REST, 1), (parts.VALIDATION, 2), (parts.CHECKING, 4)):
        now[0] += seconds
        clock.enter(part)
    now[0] += 8
    for _ in range(4):
        clock.leave()
    assert clock.seconds[parts.IMPORTS] == 1
    assert clock.seconds[parts.REST] == 2
    assert clock.seconds[parts.VALIDATION] == 12  # what it calls counts for it
    assert sum(clock.seconds.values()) == 15


def test_the_original_script_compiles() -> None:
    compile((BENCHMARKS / "original.py").read_text("utf-8"), "original.py", "exec")
