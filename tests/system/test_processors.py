"""The number of threads follows the environment, the affinity and the control groups, whichever allows the fewest."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from convscope.system import hardware
from convscope.system.hardware import usable_threads


@pytest.fixture(autouse=True)
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine of twelve processors without limits; its control groups lie in the returned folder."""
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(12)), raising=False)
    monkeypatch.setattr(hardware, "CONTROL_GROUPS", tmp_path)
    monkeypatch.setattr(hardware, "OWN_GROUPS", tmp_path / "own")
    return tmp_path


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


@pytest.mark.parametrize(
    ("value", "expected"), [("3", 3), ("5,2", 5), (" 2 ", 2), ("99", 12), ("0", 12), ("-1", 12), ("many", 12), ("", 12)]
)
def test_the_environment_counts_if_it_is_a_number(value: str, expected: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", value)
    assert usable_threads(64) == expected


def test_affinity_or_the_number_of_processors_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    assert usable_threads(64) == 12
    assert usable_threads(8) == 8
    monkeypatch.delattr(os, "sched_getaffinity")
    monkeypatch.setattr(os, "cpu_count", lambda: 7)
    assert usable_threads(64) == 7
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    assert usable_threads(64) == 1


@pytest.mark.parametrize(("text", "expected"), [("150000 100000", 2), ("max 100000", 12), ("50000 100000", 1), ("", 12)])
def test_a_limit_of_version_2_is_rounded_up(text: str, expected: int, machine: Path) -> None:
    write(machine / "own", "0::/\n")
    write(machine / "cpu.max", text)
    assert usable_threads(64) == expected


def test_the_strictest_of_nested_groups_counts(machine: Path) -> None:
    write(machine / "own", "0::/outer/inner\n")
    write(machine / "outer/inner/cpu.max", "max 100000")
    write(machine / "outer/cpu.max", "300000 100000")
    write(machine / "cpu.max", "900000 100000")
    assert usable_threads(64) == 3


@pytest.mark.parametrize("folder", ["cpu", "cpu,cpuacct", "cpu/docker/abc"])
def test_a_limit_of_version_1_counts_wherever_it_is_mounted(folder: str, machine: Path) -> None:
    write(machine / "own", "5:memory:/docker/abc\n4:cpu,cpuacct:/docker/abc\n0::/docker/abc\n")
    write(machine / folder / "cpu.cfs_quota_us", "250000\n")
    write(machine / folder / "cpu.cfs_period_us", "100000\n")
    assert usable_threads(64) == 3
    write(machine / folder / "cpu.cfs_quota_us", "-1\n")
    assert usable_threads(64) == 12
