"""Measure what a second cycle of the learning rate is worth, as `--time` adds it, and what `--time` does with all of MNIST.

    python benchmarks/further_cycles.py [--seeds 3]
    python benchmarks/further_cycles.py --limits [--seeds 3]
    python benchmarks/further_cycles.py --table

12,000 images of MNIST and of Fashion-MNIST are learned by `standard` in two cycles, the second whatever the validation says, and
without a clock, so that the weights are reproducible. The 2,000 test images are other rows of the training splits; nothing was
chosen by them. ``--limits`` runs the command `convscope train mnist --time N` itself for each of ``LIMITS``.
Every value is saved to `benchmarks/results/further_cycles.json` at once; two sections of `docs/recipes.md` are generated from it.
The set of clothes needs Debian's dataset-fashion-mnist.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict
from itertools import product
from pathlib import Path

import numpy as np
from markdown_parts import Result, conditions, in_parentheses, measured_with, percent, replace_between, table
from recipe_sets import NUM_TEST, SETS

from convscope.analysis.statistics.seeds import mean_over_seeds
from convscope.analysis.training_summary import training_length
from convscope.data.dataset import Dataset, Split
from convscope.models.architectures import cnn
from convscope.models.onnx_writer.writer import onnx_bytes
from convscope.models.predictor import Predictor
from convscope.system.files import write_json
from convscope.training import schedule
from convscope.training.loop import fit
from convscope.training.recipe_rule import TrainingSet
from convscope.training.recipes import find_recipe

ROOT = Path(__file__).parents[1]
RESULTS, PAGE = ROOT / "benchmarks" / "results" / "further_cycles.json", ROOT / "docs" / "recipes.md"
NAMES, CYCLES = ("mnist-12000", "fashion-12000"), 2
LIMITS = (0, 3, 10, 30, 60)
"""Seconds; 0 is `standard` without a limit."""


def measure(dataset: Dataset, seed: int) -> Result:
    """Train all cycles; return the last epoch of each, and the correct answers after it."""
    config = find_recipe("standard", TrainingSet.of(dataset)).with_settings({"max_cycles": CYCLES})
    quality, processor = schedule._quality, time.process_time()  # noqa: SLF001
    schedule._quality = lambda record: (record.epoch, 0.0)  # noqa: SLF001  (as if each cycle had improved the validation)
    try:
        training = fit(cnn, dataset, config, seed=seed, engine="native")
    finally:
        schedule._quality = quality  # noqa: SLF001
    processor = time.process_time() - processor
    learned = dataset.train.take(np.arange(0, len(dataset.train), len(dataset.train) // NUM_TEST))

    def correct(epoch: int, images: Split) -> int:
        predictor = Predictor(onnx_bytes(training.network.with_weights(training.snapshots[epoch - 1])))
        return int((predictor.logits(images.images).argmax(axis=1) == images.labels).sum())

    ends = [epoch for epoch in range(1, len(training.history) + 1) if epoch == sum(config.cycle_at(epoch - 1))]
    cycles = [
        {
            **asdict(training.history[epoch - 1]),
            "correct": correct(epoch, dataset.test),
            "of_training": correct(epoch, learned),
        }
        for epoch in ends
    ]
    return {"seed": seed, "n": len(dataset.test), "cycles": cycles, "cpu_seconds": processor}


def row(name: str, runs: list[Result]) -> list[str]:
    """Return a set's accuracy after one cycle and after two, the gains in points, and how often the validation went on."""
    first, second = (np.array([run["cycles"][each]["correct"] / run["n"] for run in runs]) for each in range(2))
    gain = mean_over_seeds(list(100 * (second - first)))
    ends = [[run["cycles"][each] for each in range(2)] for run in runs]
    better = [(two["val_accuracy"], -two["val_loss"]) > (one["val_accuracy"], -one["val_loss"]) for one, two in ends]
    on_validation = 100 * np.mean([two["val_accuracy"] - one["val_accuracy"] for one, two in ends])
    signs = f"{int((second > first).sum())} of {len(runs)}"
    gained = f"{gain.mean:+.2f}{in_parentheses(gain.interval)}"
    means = percent(float(first.mean())), percent(float(second.mean()))
    return [name, *means, gained, signs, f"{on_validation:+.2f}", f"{sum(better)} of {len(runs)}"]


def section(results: Result) -> str:
    """Return the table, with what the cycles cost."""
    head = ["training images", "20 epochs, %", "60 epochs, %", "gain, points (95% CI over seeds)", "better",
            "gain on validation images", "better there, so it went on"]  # fmt: skip
    runs = [run for each in results["runs"].values() for run in each]
    cost = max(run["cpu_seconds"] for run in runs if len(run["cycles"]) == CYCLES)
    text = f"Both cycles took up to {cost:.0f} s of processor time on one thread. {conditions(results)}."
    return f"{table(head, [row(name, found) for name, found in results['runs'].items()])}\n\n{text}"


def measure_limit(limit: int, seed: int) -> Result:
    """Run the command with `--time` on all of MNIST; return what it measured, and what it says of its end."""
    with tempfile.TemporaryDirectory() as temporary:
        run, clock, before = Path(temporary) / "run", time.perf_counter(), os.times()
        command = [
            sys.executable,
            "-m",
            "convscope",
            "train",
            "mnist",
            "--seed",
            str(seed),
            "--no-report",
            "--out",
            str(run),
        ]
        limited = ["--time", str(limit)] if limit else []
        subprocess.run([*command, *limited], capture_output=True, check=True)
        seconds, after = time.perf_counter() - clock, os.times()
        request, metrics = (json.loads((run / name).read_text("utf-8")) for name in ("run.json", "metrics.json"))
    test = metrics["test"]
    return {
        "limit": limit, "seed": seed, "ending": request["ending"], "epochs": request["epochs_trained"], "kept": metrics["epochs"],
        "correct": test["n"] - test["errors"], "n": test["n"], "val_accuracy": metrics["history"]["last_epoch"]["val_accuracy"],
        "train_seconds": metrics["train_seconds"], "seconds": seconds, "said": training_length(request, metrics),
        "cpu_seconds": after.children_user + after.children_system - before.children_user - before.children_system,
    }  # fmt: skip


def limit_row(limit: int, runs: list[Result]) -> list[str]:
    """Return what a limit came to, means over seeds; seconds and epochs from the least to the most."""
    several = len(runs) > 1

    def ends(key: str, digits: int = 0) -> str:
        texts = [f"{end([run[key] for run in runs]):.{digits}f}" for end in (min, max)]
        return "–".join(dict.fromkeys(texts))

    test, validation = 100 * np.array([[run["correct"] / run["n"], run["val_accuracy"]] for run in runs]).T
    spread = f" ± {test.std(ddof=1):.2f}" if several else ""
    endings = [run["ending"] for run in runs]
    why = ", ".join(f"{each} ({endings.count(each)})" if several else each for each in dict.fromkeys(endings))
    name = f"`--time {limit}`" if limit else "none"
    return [name, f"{test.mean():.2f}{spread}", f"{validation.mean():.2f}", ends("epochs"), ends("kept"), why,
            ends("train_seconds", 1), ends("seconds", 1), ends("cpu_seconds", 1)]  # fmt: skip


def limits_section(results: Result) -> str:
    """Return the table of time limits."""
    found = results["limits"]
    head = ["limit", "test accuracy, %", "validation accuracy, %", "epochs", "of which kept", "ended by", "training, s",
            "whole command, s", "processor, s"]  # fmt: skip
    by_limit = {limit: [run for run in found["runs"] if run["limit"] == limit] for limit in LIMITS}
    rows = [limit_row(limit, runs) for limit, runs in by_limit.items() if runs]
    return f"{table(head, rows)}\n\n{len(by_limit[0])} seeds. {conditions(found)}."


def load() -> Result:
    """Return the saved results."""
    return json.loads(RESULTS.read_text("utf-8")) if RESULTS.is_file() else {"runs": {}}


def main() -> None:
    """Measure what is missing."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--limits", action="store_true", help="measure --time on all of MNIST instead")
    parser.add_argument("--table", action="store_true", help="only regenerate the tables")
    arguments = parser.parse_args()
    seeds = range(0 if arguments.table else arguments.seeds)
    for seed, limit in product(seeds, LIMITS if arguments.limits else ()):
        results = load()
        found = results.setdefault("limits", {"runs": []})
        if all((run["seed"], run["limit"]) != (seed, limit) for run in found["runs"]):
            found["runs"].append(measure_limit(limit, seed))
            print(found["runs"][-1], flush=True)
            found |= measured_with()
            write_json(RESULTS, results)
    for seed, name in product(seeds, () if arguments.limits else NAMES):
        results = load()
        runs = results["runs"].setdefault(name, [])
        if all(run["seed"] != seed for run in runs):
            runs.append(measure(SETS[name](), seed))
            write_json(RESULTS, results | measured_with())
    replace_between(PAGE, "further cycles", section(load()))
    replace_between(PAGE, "time limits", limits_section(load()))


if __name__ == "__main__":
    main()
