"""Compare convscope with Keras, PyTorch and scikit-learn: time to accuracy, and accuracy at equal time.

    python benchmarks/rivals.py [--rounds 1] [--python PATH]

Each rival is a process of its own that prints its test accuracy after each epoch; rivals that are not installed are skipped.
`--python` is another interpreter for those that need PyTorch, which need not share an environment with TensorFlow. Every value
is saved to `benchmarks/results/rivals.json`.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from convscope.system.files import write_json
from convscope.system.hardware import describe_machine, package_versions

HERE = Path(__file__).parent
RESULTS = HERE / "results" / "rivals.json"
EPOCHS = 4


def rivals(torch_python: str) -> dict[str, tuple[list[str], dict[str, str]]]:
    """Return command and environment of each rival."""
    scripts = HERE / "rivals"
    keras, torch, sklearn = (str(scripts / f"{name}.py") for name in ("keras_fit", "torch_loop", "sklearn_mlp"))
    fits = {f"Keras `fit` on {name}": ([sys.executable, keras], {"KERAS_BACKEND": name}) for name in ("tensorflow", "jax")}
    return fits | {
        "Keras `fit` on torch": ([torch_python, keras], {"KERAS_BACKEND": "torch"}),
        "PyTorch, `DataLoader`": ([torch_python, torch, "loader"], {}),
        "PyTorch, preloaded, channels last": ([torch_python, torch, "preloaded"], {}),
        "scikit-learn's `MLPClassifier`": ([sys.executable, sklearn], {}),
    }


def run_rival(command: list[str], environment: dict[str, str], seed: int) -> list[dict[str, Any]]:
    """Return accuracy and seconds since the start of the process for each epoch; nothing if it cannot run."""
    started = time.perf_counter()
    process = subprocess.Popen(
        [*command, str(EPOCHS), str(seed)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        env={**os.environ, **environment},
    )  # fmt: skip
    assert process.stdout is not None
    epochs = [
        {**json.loads(line), "seconds": time.perf_counter() - started} for line in process.stdout if line.startswith("{")
    ]
    process.wait()
    return epochs if process.returncode == 0 else []


def run_recipe(recipe: str, seed: int) -> list[dict[str, Any]]:
    """Run the whole command, run folder and export included; return one entry, for its end."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "convscope", "train", "mnist", "--recipe", recipe, "--seed", str(seed), "--json",
                   "--quiet", "--out", f"{folder}/run", "--no-report"]  # fmt: skip
        started = time.perf_counter()
        metrics = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
        return [
            {"epoch": metrics["epochs"], "accuracy": metrics["test"]["accuracy"], "seconds": time.perf_counter() - started}
        ]


def main() -> None:
    """Measure all of them in turn and save the results."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--python", default=sys.executable)
    arguments = parser.parse_args()
    runs: dict[str, list[Any]] = {}
    for seed in range(arguments.rounds):
        for recipe in ("sprint", "standard"):
            runs.setdefault(f"convscope, `{recipe}`", []).append(run_recipe(recipe, seed))
        for name, (command, environment) in rivals(arguments.python).items():
            runs.setdefault(name, []).append(run_rival(command, environment, seed))
            print(name, runs[name][-1], flush=True)
    results = {
        "machine": describe_machine(),
        "versions": package_versions(),
        "date": time.strftime("%Y-%m-%d"),
        "runs": runs,
    }
    write_json(RESULTS, results)


if __name__ == "__main__":
    main()
