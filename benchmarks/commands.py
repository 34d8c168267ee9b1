"""The commands against the original script, in turn on one machine: seconds of the whole process, of training, accuracy.

    python benchmarks/commands.py [--rounds 3] [--short]

Each round runs the original, then each command, so that drift of a shared machine falls on all of them; those that take
minutes run in the first round only, or, with --short, not at all: what is known of them then stays, as of another round. Every
value is kept in `benchmarks/results/commands.json`, with machine and versions.
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

from convscope.models.backend import prefers_bfloat16
from convscope.system.hardware import describe_machine, package_versions

HERE = Path(__file__).parent
RESULTS = HERE / "results" / "commands.json"
SHORT = (("sprint", "cnn", False), ("standard", "cnn", False), ("standard", "cnn", True))
LONG = (("notebook", "cnn", False), ("best", "cnn", False), ("strong", "strong", False))
"""Recipe, network, and whether with a report."""


def run_original(seed: int) -> dict[str, Any]:
    """One run of the notebook's steps; `wall_seconds` is the whole process.

    Without JAX, which TensorFlow imports where it is installed: who runs the notebook has none, and would wait for nothing.
    """
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "jax.py").write_text('raise ImportError("left out")\n', encoding="utf-8")
        places = os.pathsep.join(filter(None, (folder, os.environ.get("PYTHONPATH"))))
        started = time.perf_counter()
        command = [sys.executable, str(HERE / "original.py"), str(seed)]
        environment = {**os.environ, "PYTHONPATH": places}
        output = subprocess.run(command, capture_output=True, text=True, check=True, env=environment).stdout
        seconds = time.perf_counter() - started
    values = json.loads(output.splitlines()[-1])
    return {"seed": seed, "accuracy": values["accuracy"], "train_seconds": values["fit_seconds"], "wall_seconds": seconds}


def run_recipe(recipe: str, model: str, seed: int, *, report: bool) -> dict[str, Any]:
    """One run of the command; `wall_seconds` is the whole process."""
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


def of_another_round() -> dict[str, Any]:
    """What is known of the commands that take minutes, each beside what the original's steps took in its round."""
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
    place = {name: known.get(name) for name in ("machine", "versions", "date", "precision") if name in known}
    return {"runs": runs, "other_round": known.get("other_round", place)}


def main() -> None:
    """Run everything and write the results."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--short", action="store_true", help="without the commands that take minutes")
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
    other = of_another_round() if arguments.short else {"runs": {}}
    results = {
        **other,
        "machine": describe_machine(),
        "versions": package_versions(),
        "date": time.strftime("%Y-%m-%d"),
        "precision": "mixed_bfloat16" if prefers_bfloat16() else "float32",
        "load": os.getloadavg()[0],
        "runs": {**runs, **other["runs"]},
    }
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
