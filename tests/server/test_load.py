"""The service under load: `benchmarks/service.py`, for a shorter time."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from convscope.api.run import Run


@pytest.mark.slow
def test_two_hundred_clients_are_all_answered_and_memory_stays(digits_run: Run, repository: Path, tmp_path: Path) -> None:
    out = tmp_path / "service.json"
    line = [sys.executable, str(repository / "benchmarks" / "service.py"), str(digits_run.folder), "--clients", "200"]
    subprocess.run([*line, "--seconds", "5", "--out", str(out)], check=True, capture_output=True, timeout=120)
    found = json.loads(out.read_text("utf-8"))
    assert found["errors"] == 0, found["first_errors"]
    assert found["answers"] > 200
    assert found["growth_megabytes"] < 16, found["server_megabytes"]  # one process may meet its first image that takes long
    assert found["descriptors_after"] < 40
    assert found["exit_status"] == 0


@pytest.mark.parametrize("name", ["service", "service_attacked"])
def test_twenty_seconds_of_it_were_measured(name: str, repository: Path) -> None:
    found = json.loads((repository / "benchmarks" / "results" / f"{name}.json").read_text("utf-8"))
    assert (found["clients"], found["errors"], found["exit_status"]) == (200, 0, 0)
    assert found["seconds"] >= 20
    assert found["answers"] > 500
    assert found["milliseconds"]["p95"] <= 500
    assert found["megabytes_after"] < 1.5 * found["megabytes_before"]
    assert found["seconds_to_end"] < 5
