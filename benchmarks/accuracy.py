"""Measure the test accuracy of each recipe over many seeds.

    python benchmarks/accuracy.py [--recipe sprint --seeds 30]… [--out FILE]

Accuracy does not depend on the load of the machine, and CPU seconds hardly do; `benchmarks/commands.py` measures wall-clock
time. Every value is saved to `benchmarks/results/accuracy.json` at once, so a stopped measurement continues where it was. A
recipe starts over if its settings have changed or the machine computes in another precision. For a GPU, set
`KERAS_BACKEND=jax` and `--out benchmarks/results/accuracy-gpu.json`.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from typing import Any

from convscope.data.load import load_dataset
from convscope.models.architectures import MODELS
from convscope.system.files import write_json
from convscope.system.hardware import describe_machine, package_versions
from convscope.training.loop import fit
from convscope.training.recipes import RECIPES

RESULTS = Path(__file__).parent / "results" / "accuracy.json"
PLAN = {"sprint": ("cnn", 30), "standard": ("cnn", 10), "best": ("cnn", 10), "strong": ("strong", 5)}
"""Network and number of seeds of each recipe."""


def measure(recipe: str, model: str, seed: int, engine: str) -> dict[str, Any]:
    """Train once and evaluate on the test split."""
    dataset = load_dataset("mnist")
    clock, processor = time.perf_counter(), time.process_time()
    training = fit(MODELS[model], dataset, RECIPES[recipe](), seed=seed, engine=engine)
    seconds, processor = time.perf_counter() - clock, time.process_time() - processor
    accuracy = float((training.logits(dataset.test.images).argmax(axis=1) == dataset.test.labels).mean())
    return {"seed": seed, "accuracy": accuracy, "validation_accuracy": training.history[-1].val_accuracy,
            "train_seconds": seconds, "processor_seconds": processor, "engine": training.engine, "backend": training.backend,
            "accelerators": list(training.accelerators)}  # fmt: skip


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
            made = {"machine": describe_machine(), "versions": package_versions(), "date": time.strftime("%Y-%m-%d")}
            results["recipes"][recipe] = {**same, **made, "runs": runs}
            arguments.out.parent.mkdir(exist_ok=True)
            write_json(arguments.out, results)


if __name__ == "__main__":
    main()
