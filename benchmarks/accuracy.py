"""Measure the test accuracy of each recipe over many seeds.

    python benchmarks/accuracy.py [--recipe sprint --seeds 30]… [--out FILE]

Accuracy does not depend on the load of the machine, and CPU seconds hardly do; `benchmarks/commands.py` measures wall-clock
time. Every value is saved to `benchmarks/results/accuracy.json` at once, so a stopped measurement continues where it was. A
recipe starts over if its settings have changed or the machine computes in another precision. For a GPU, set
`KERAS_BACKEND=jax` and `--out benchmarks/results/accuracy-gpu.json`. Which test images `standard` misclassifies shows how far they
depend on each other; a sentence of `docs/explanation/intervals.md` is generated from that.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from typing import Any

import numpy as np
from markdown_parts import conditions, measured_with, replace_between

from convscope.data.load import load_dataset
from convscope.models.architectures import MODELS
from convscope.system.files import write_json
from convscope.training.loop import fit
from convscope.training.recipes import RECIPES

RESULTS = Path(__file__).parent / "results" / "accuracy.json"
PLAN = {"sprint": ("cnn", 30), "standard": ("cnn", 10), "best": ("cnn", 10), "strong": ("strong", 5)}
"""Network and number of seeds of each recipe."""
PAGE = Path(__file__).parents[1] / "docs" / "explanation" / "intervals.md"
BLOCK, HALF, PERMUTATIONS = 200, 5000, 999
"""Test images in a row, which share writers; those of one source, of which the test split has two."""


def measure(recipe: str, model: str, seed: int, engine: str) -> dict[str, Any]:
    """Train once and evaluate on the test split."""
    dataset = load_dataset("mnist")
    clock, processor = time.perf_counter(), time.process_time()
    training = fit(MODELS[model], dataset, RECIPES[recipe](), seed=seed, engine=engine)
    seconds, processor = time.perf_counter() - clock, time.process_time() - processor
    is_right = training.logits(dataset.test.images).argmax(axis=1) == dataset.test.labels
    return {"seed": seed, "accuracy": float(is_right.mean()), "wrong": np.flatnonzero(~is_right).tolist(),
            "validation_accuracy": training.history[-1].val_accuracy,
            "train_seconds": seconds, "processor_seconds": processor, "engine": training.engine, "backend": training.backend,
            "accelerators": list(training.accelerators)}  # fmt: skip


def dispersion(blocks: np.ndarray[Any, Any]) -> float:
    """Return the variance of error counts (seeds, halves, blocks) within halves, divided by that of independent images."""
    means = blocks.mean(axis=2)
    return float(blocks.var(axis=2, ddof=1).mean() / (means * (1 - means / BLOCK)).mean())


def dependence(runs: list[dict[str, Any]]) -> tuple[float, float]:
    """Return the dispersion of the errors over blocks of test images, and its p-value: images permuted within halves."""
    is_wrong = np.zeros((len(runs), 2, HALF), np.int64)
    for row, run in zip(is_wrong, runs, strict=True):
        row.flat[run["wrong"]] = 1

    def of(rows: np.ndarray[Any, Any]) -> float:
        return dispersion(rows.reshape(len(runs), 2, -1, BLOCK).sum(axis=3))

    found, generator = of(is_wrong), np.random.default_rng(0)
    orders = (np.argsort(generator.random((1, 2, HALF)), axis=2) for _ in range(PERMUTATIONS))
    larger = sum(of(np.take_along_axis(is_wrong, order, axis=2)) >= found for order in orders)
    return found, (1 + larger) / (1 + PERMUTATIONS)


def dependence_text(found: dict[str, Any]) -> str:
    """Return how far MNIST's test images depend on each other, and what that does to an interval."""
    runs = found["runs"]
    ratio, p = dependence(runs)
    shares = [100 * (np.array(run["wrong"]) < HALF).mean() for run in runs]
    most = f"{min(shares):.0f} to {max(shares):.0f}%"
    return f"""MNIST's test images are sorted by writers. Of the errors of `standard`, {most} are in the first half
({len(runs)} seeds). Within the halves, the errors among {BLOCK} images in a row vary {ratio:.2f} times as much as in random
order (permutation test, p = {p:.3f}), which makes the interval of an accuracy about {ratio**0.5:.1f} times too narrow.
{conditions(found)}."""


def load(path: Path) -> dict[str, Any]:
    """Return the saved results."""
    return json.loads(path.read_text("utf-8")) if path.is_file() else {"recipes": {}}


def main() -> None:
    """Measure what is missing."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--recipe", choices=sorted(PLAN), action="append")
    parser.add_argument("--seeds", type=int)
    parser.add_argument("--engine", default="native")
    parser.add_argument("--out", type=Path, default=RESULTS)
    arguments = parser.parse_args()
    for recipe in arguments.recipe or PLAN:
        model, seeds = PLAN[recipe]
        settings = json.loads(json.dumps(RECIPES[recipe]().as_dict()))
        same = {"model": model, "settings": settings, "engine": arguments.engine}
        known = load(arguments.out)["recipes"].get(recipe, {})
        runs = known["runs"] if {name: known.get(name) for name in same} == same else []
        for seed in range(len(runs), arguments.seeds or seeds):
            runs.append(measure(recipe, model, seed, arguments.engine))
            print(recipe, runs[-1], flush=True)
            results = load(arguments.out)
            made = measured_with()
            results["recipes"][recipe] = {**same, **made, "runs": runs}
            arguments.out.parent.mkdir(exist_ok=True)
            write_json(arguments.out, results)
    replace_between(PAGE, "dependent images", dependence_text(load(RESULTS)["recipes"]["standard"]))


if __name__ == "__main__":
    main()
