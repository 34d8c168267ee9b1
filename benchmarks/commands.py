"""Compare the commands with the original script on one machine: wall-clock time, training time, accuracy.

    python benchmarks/commands.py [--rounds 3] [--short]

Each round runs the original and then each command, so that the load of a shared machine affects all of them. Commands that take
minutes run in the first round only; with --short they do not run, and their earlier results are kept as those of another round.
Every value is saved to `benchmarks/results/commands.json`, with machine and versions.
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

from convscope.system.hardware import describe_machine, package_versions

HERE = Path(__file__).parent
RESULTS = HERE / "results" / "commands.json"
SHORT = (("sprint", "cnn", False), ("standard", "cnn", False), ("standard", "cnn", True))
LONG = (("notebook", "cnn", False), ("best", "cnn", False), ("strong", "strong", False))
"""Recipe, network, and whether to write the report."""


def run_original(seed: int) -> dict[str, Any]:
    """Run the notebook's steps; ``wall_seconds`` is the whole process."""
    # TensorFlow imports JAX if it is installed. Users of the notebook do not have it, so the import must not count.
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "jax.py").write_text('raise ImportError("hidden by the benchmark")\n', encoding="utf-8")
        python_path = os.pathsep.join(filter(None, (folder, os.environ.get("PYTHONPATH"))))
        started = time.perf_counter()
        command = [sys.executable, str(HERE / "original.py"), str(seed)]
        environment = {**os.environ, "PYTHONPATH": python_path}
        output = subprocess.run(command, capture_output=True, text=True, check=True, env=environment).stdout
        seconds = time.perf_counter() - started
    values = json.loads(output.splitlines()[-1])
    return {"seed": seed, "accuracy": values["accuracy"], "train_seconds": values["fit_seconds"], "wall_seconds": seconds}


def run_recipe(recipe: str, model: str, seed: int, *, report: bool) -> dict[str, Any]:
    """Run one command; ``wall_seconds`` is the whole process."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "convscope", "train", "mnist", "--recipe", recipe, "--model", model,
                   "--seed", str(seed), "--json", "--quiet", "--out", f"{folder}/run",
                   "--report" if report else "--no-report"]  # fmt: skip
        started = time.perf_counter()
        output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        seconds = time.perf_counter() - started
    metrics = json.loads(output)
    values = {"seed": seed, "accuracy": metrics["test"]["accuracy"], "train_seconds": metrics["train_seconds"],
              "wall_seconds": seconds}  # fmt: skip
    if "baseline" in metrics:
        values["ann_accuracy"] = metrics["baseline"]["accuracy"]
    return values


def results_of_another_round() -> dict[str, Any]:
    """Return earlier results of the long commands, each with the time of the original script in its round."""
    known = json.loads(RESULTS.read_text("utf-8")) if RESULTS.is_file() else {"runs": {}}
    original = known["runs"].get("original script", [])
    names = [name for name in known["runs"] if any(f"--recipe {recipe} " in name for recipe, _, _ in LONG)]
    runs = {
        name: [
            {"reference_seconds": base["wall_seconds"], **run}
            for run, base in zip(known["runs"][name], original, strict=False)
        ]
        for name in names
    }
    environment = {name: known.get(name) for name in ("machine", "versions", "date", "precision") if name in known}
    return {"runs": runs, "other_round": known.get("other_round", environment)}


def main() -> None:
    """Measure everything and save the results."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--short", action="store_true", help="skip the commands that take minutes")
    arguments = parser.parse_args()
    runs: dict[str, list[dict[str, Any]]] = {}
    for seed in range(arguments.rounds):
        runs.setdefault("original script", []).append(run_original(seed))
        for recipe, model, report in SHORT if seed or arguments.short else (*SHORT, *LONG):
            name = (
                f"--recipe {recipe}" + (f" --model {model}" if model != "cnn" else "") + ("" if report else " --no-report")
            )
            runs.setdefault(name, []).append(run_recipe(recipe, model, seed, report=report))
            print(name, runs[name][-1], flush=True)
    other = results_of_another_round() if arguments.short else {"runs": {}}
    results = {
        **other,
        "machine": describe_machine(),
        "versions": package_versions(),
        "date": time.strftime("%Y-%m-%d"),
        "load": os.getloadavg()[0],
        "runs": {**runs, **other["runs"]},
    }
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
