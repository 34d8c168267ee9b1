"""The scripts in `benchmarks/` import, and the functions that `parts.py` times exist."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
SCRIPTS = sorted(path.stem for path in BENCHMARKS.glob("*.py"))


def load(name: str, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(BENCHMARKS))  # as if it were run as a script
    specification = importlib.util.spec_from_file_location(f"benchmarks_{name}", BENCHMARKS / f"{name}.py")
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


# original.py imports Keras, which the other tests of a process may not have configured yet.
@pytest.mark.parametrize("name", [name for name in SCRIPTS if name != "original"])
def test_every_script_imports(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert load(name, monkeypatch).__doc__


def test_every_timed_function_exists(monkeypatch: pytest.MonkeyPatch) -> None:
    parts = load("parts", monkeypatch)
    missing = [
        (owner, name) for owner, name, _ in parts.FUNCTIONS if not callable(getattr(parts.owner_of(owner), name, None))
    ]
    assert missing == []


def test_the_parts_of_a_command_add_up_to_the_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    parts = load("parts", monkeypatch)
    now = [0.0]
    monkeypatch.setattr(parts.time, "time", lambda: now[0])
    clock = parts.Clock(0.0)
    for method, seconds in ((clock.turn, 1), (clock.enter, 2), (clock.enter, 4)):
        now[0] += seconds
        method(parts.FILES if method == clock.enter else parts.REST)
    now[0] += 8
    clock.leave()
    clock.leave()
    clock.leave()
    assert clock.seconds[parts.IMPORTS] == 1
    assert clock.seconds[parts.REST] == 2
    assert sum(clock.seconds.values()) == 15


def test_the_original_script_compiles() -> None:
    compile((BENCHMARKS / "original.py").read_text("utf-8"), "original.py", "exec")
