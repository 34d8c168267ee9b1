"""Measure the parts of a command: imports, data, building, epochs, evaluation, files, report.

    python benchmarks/parts.py [--rounds 5] [--out FILE]

Each round runs `convscope train mnist --recipe sprint --no-report` and `--recipe standard` with its report, each in its own
process in which the functions that do the parts are timed. Every value is saved to `benchmarks/results/parts.json`.
"""

from __future__ import annotations

import argparse
import functools
import importlib
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

RESULTS = Path(__file__).parent / "results" / "parts.json"
COMMANDS = {
    "sprint": ["--recipe", "sprint", "--no-report"],
    "standard": ["--recipe", "standard"],
}
PARTS = (
    "imports: Python, convscope, NumPy",
    "reading and checking the data",
    "building the network, order and augmentation of the epochs",
    "epochs in the native engine",
    "validation after every epoch",
    "test split through the engine and ONNX Runtime",
    "evaluation: temperature, thresholds, intervals",
    "writing the model, the record and the reference data",
    "report: baseline, evidence, figures and page",
    "everything else, later imports and exit",
)
IMPORTS, DATA, BUILDING, EPOCHS, VALIDATION, CHECKING, EVALUATION, FILES, REPORT, REST = PARTS
INSIDE = (IMPORTS, EPOCHS, VALIDATION, CHECKING, EVALUATION)
"""Parts that are imports, epochs or evaluation; the report has its own budget."""
FUNCTIONS = (
    ("convscope.api.train", "load_dataset", DATA),
    ("convscope.api.train", "fit", BUILDING),
    ("convscope.training.native.engine.Engine", "train", EPOCHS),
    ("convscope.training.native.engine.Engine", "logits", CHECKING),
    ("convscope.training.native_fit", "measure", VALIDATION),
    ("convscope.api.train", "_save_models", FILES),
    ("convscope.exporters.onnx", "compare", CHECKING),
    ("convscope.models.predictor.Predictor", "logits", CHECKING),
    ("convscope.models.predictor", "open_session", CHECKING),
    ("convscope.api.train", "measure_uncertainty", EVALUATION),
    ("convscope.api.train", "make_record", EVALUATION),
    ("convscope.runs.store", "save_record", FILES),
    ("convscope.api.train", "_save_reference_data", FILES),
    ("convscope.api.train", "write_metadata", FILES),
    ("convscope.api.train", "_add_report", REPORT),
)
"""Module or class, function and part. A nested part counts only for itself, except in the report, whose parts run in parallel."""


class Clock:
    """Seconds per part; time counts for the innermost open part."""

    def __init__(self, started: float) -> None:
        self.seconds = dict.fromkeys(PARTS, 0.0)
        self._open, self._since = [IMPORTS], started

    def enter(self, part: str) -> None:
        """Open a part."""
        self._count()
        outer = self._open[-1] if self._open else ""
        self._open.append(outer if outer in (REPORT, VALIDATION) else part)

    def leave(self) -> None:
        """Close the innermost part."""
        self._count()
        self._open.pop()

    def _count(self) -> None:
        now = time.time()
        if self._open:
            self.seconds[self._open[-1]] += now - self._since
        self._since = now

    def timed(self, function: Callable[..., Any], part: str) -> Callable[..., Any]:
        """Return ``function`` with its time counted as ``part``."""

        @functools.wraps(function)
        def counted(*args: Any, **kwargs: Any) -> Any:
            self.enter(part)
            try:
                return function(*args, **kwargs)
            finally:
                self.leave()

        return counted


def owner_of(name: str) -> Any:
    """Return the module or class of that name."""
    module, _, kind = name.rpartition(".")
    return getattr(importlib.import_module(module), kind) if kind[0].isupper() else importlib.import_module(name)


def child(started: float, arguments: list[str]) -> None:
    """Run the command in this process and print the seconds per part, without the exit."""
    from convscope.cli.main import main

    clock = Clock(started)
    for owner, name, part in FUNCTIONS:
        setattr(owner_of(owner), name, clock.timed(getattr(owner_of(owner), name), part))
    clock.leave()
    clock.enter(REST)
    status = main(arguments)
    clock.leave()
    print(json.dumps(clock.seconds))
    sys.exit(status)


def run(arguments: list[str]) -> dict[str, float]:
    """Return the seconds per part of a new process; they add up to the whole."""
    with tempfile.TemporaryDirectory() as folder:
        started = time.time()
        line = ["train", "mnist", *arguments, "--quiet", "--out", f"{folder}/run"]
        command = [sys.executable, __file__, "--child", repr(started), *line]
        output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        whole = time.time() - started
    seconds: dict[str, float] = json.loads(output.splitlines()[-1])
    seconds[REST] += whole - sum(seconds.values())
    return seconds


def main() -> None:
    """Measure and save."""
    from markdown_parts import measured_with

    from convscope.system.files import write_json

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--out", type=Path, default=RESULTS)
    given = parser.parse_args()
    runs: dict[str, list[dict[str, float]]] = {name: [] for name in COMMANDS}
    for _ in range(given.rounds):
        for name, arguments in COMMANDS.items():
            runs[name].append(run(arguments))
    outside = {
        name: [sum(seconds for part, seconds in each.items() if part not in (*INSIDE, REPORT)) for each in found]
        for name, found in runs.items()
    }
    report = {name: [each[REPORT] for each in found] for name, found in runs.items()}
    results = {
        **measured_with(),
        "runs": runs, "outside_imports_epochs_evaluation": outside, "report": report,
    }  # fmt: skip
    write_json(given.out, results)
    for name, found in runs.items():
        print(f"{name}: {median(sum(each.values()) for each in found):.2f} s, outside {median(outside[name]):.2f} s")
        for part in PARTS:
            print(f"  {median(each[part] for each in found):6.2f}  {part}")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--child"]:
        child(float(sys.argv[2]), sys.argv[3:])
    else:
        main()
