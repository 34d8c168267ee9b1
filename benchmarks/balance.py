"""Measure what `--balance` does for imbalanced classes, and choose the strength of the prior correction.

    python benchmarks/balance.py [--seeds 3]
    python benchmarks/balance.py --table

Uneven training sets are drawn from training splits. Balanced accuracy is that of other images of the same training splits, up to
200 per class; no test split is read. A prior correction is applied to the logits of the plain training, so all its strengths have
the same weights; "strength by validation" has the highest balanced accuracy on the recipe's own validation images. Every value is
saved to `benchmarks/results/balance.json` at once, so a stopped measurement continues where it was. The table of `docs/settings.md`
is generated from them; ``--table`` only regenerates it.
"""

from __future__ import annotations

import argparse
import json
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
from markdown_parts import Result, conditions, measured_with, percent, replace_between, table

from convscope.analysis.class_balance import balanced_accuracy
from convscope.analysis.classification import confusion
from convscope.data.dataset import Dataset
from convscope.data.load import load_dataset
from convscope.models.architectures import MODELS
from convscope.system.files import write_json
from convscope.training.class_balance import STRENGTH, class_weights
from convscope.training.loop import fit
from convscope.training.recipes import RECIPES
from convscope.types import Floats, Labels

ROOT = Path(__file__).parents[1]
RESULTS, PAGE = ROOT / "benchmarks" / "results" / "balance.json", ROOT / "docs" / "settings.md"
SETS = (
    ("mnist", "half", 50, 1000), ("fashion", "half", 50, 1000), ("fashion", "half", 20, 3000), ("digits", "half", 10, 100),
    ("mnist", "tail", 100, 2000), ("fashion", "tail", 100, 2000), ("mnist", "one", 50, 500), ("fashion", "one", 50, 500),
)  # fmt: skip
"""Data, which classes are rare, the ratio of the largest class to the smallest, and the images of the largest."""
SHAPES = {"half": "half of the classes", "tail": "a geometric series", "one": "one class"}
STRENGTHS = tuple(round(0.1 * each, 1) for each in range(11))
FIRST_SEED, PER_CLASS = 10, 200


def counts(shape: str, ratio: int, largest: int, classes: int) -> list[int]:
    """Return the number of training images of each class."""
    small = largest // ratio
    if shape == "tail":
        return [round(largest * ratio ** (-each / (classes - 1))) for each in range(classes)]
    return [small if (each % 2 if shape == "half" else each == 0) else largest for each in range(classes)]


def uneven(dataset: Dataset, shape: str, ratio: int, largest: int, seed: int) -> Dataset:
    """Return an uneven part of the training split; its test split is another, even part of the training split."""
    generator, labels, k = np.random.default_rng(seed), dataset.train.labels, dataset.num_classes
    order, ranks = generator.permutation(len(labels)), generator.permutation(k)
    by_class = [order[labels[order] == label] for label in range(k)]
    others = min(PER_CLASS, *(len(each) - largest for each in by_class))
    wanted = counts(shape, ratio, largest, k)
    chosen = np.sort(np.concatenate([each[: wanted[rank]] for each, rank in zip(by_class, ranks, strict=True)]))
    rest = np.concatenate([each[largest : largest + others] for each in by_class])
    train = dataset.train
    return Dataset(dataset.name, train.take(chosen), train.take(rest), dataset.class_names, dataset.provenance)


def measure(part: Dataset, recipe: str, seed: int) -> Result:
    """Return the balanced accuracy without a setting, with each strength, with the one chosen on validation, and with weights."""
    config = RECIPES[recipe]()
    plain = fit(MODELS["cnn"], part, config, seed=seed)
    held_out = plain.validation
    numbers = part.train.class_counts(part.num_classes) - held_out.class_counts(part.num_classes)
    logs = np.log(class_weights(numbers))
    logits, of_validation = plain.logits(part.test.images), plain.logits(held_out.images)
    by_strength = [recall(logits + each * logs, part.test.labels) for each in STRENGTHS]
    on_validation = np.array([recall(of_validation + each * logs, held_out.labels) for each in STRENGTHS])
    highest = np.flatnonzero(on_validation >= on_validation.max() - 1e-12)
    weighted = fit(MODELS["cnn"], part, config.with_settings({"balance": "weights"}), seed=seed)
    return {
        "seed": seed, "n": len(part.test), "validation_images": len(held_out), "by_strength": by_strength,
        "chosen": STRENGTHS[highest[len(highest) // 2]], "weights": recall(weighted.logits(part.test.images), part.test.labels),
    }  # fmt: skip


def recall(logits: Floats, labels: Labels) -> float:
    """Return the balanced accuracy."""
    return balanced_accuracy(confusion(labels, logits.argmax(axis=1), tuple(map(str, range(logits.shape[1])))))[0]


def columns(run: Result) -> dict[str, float]:
    """Return the balanced accuracy of a run by the head of its column."""
    by_strength = dict(zip(STRENGTHS, run["by_strength"], strict=True))
    named = {"none": 0.0, f"`prior` ({STRENGTH})": STRENGTH, "strength 1": 1.0, "strength by validation": run["chosen"]}
    return {**{name: by_strength[strength] for name, strength in named.items()}, "`weights`": run["weights"]}


def section(results: Result) -> str:
    """Return the table of the means over seeds, and the gains over all sets."""
    found = {name: [columns(run) for run in runs] for name, runs in results["runs"].items()}
    head = list(next(iter(found.values()))[0])
    rows = [[name, *(percent(np.mean([run[each] for run in runs])) for each in head)] for name, runs in found.items()]
    gains = {each: [100 * (run[each] - run["none"]) for runs in found.values() for run in runs] for each in head[1:]}
    points = ", ".join(
        f"{each} {np.mean(gain):+.1f} ({min(gain):+.1f} to {max(gain):+.1f})".replace("-", "−")
        for each, gain in gains.items()
    )
    return (
        f"\nBalanced accuracy in % of `cnn`, means of {len(next(iter(found.values())))} seeds:\n\n"
        f"{table(['training images, recipe', *head], rows)}\n\n"
        f"Points gained over all {sum(map(len, found.values()))} trainings, with the least and the most: {points}.\n\n"
        f"{conditions(results)}; `benchmarks/balance.py`.\n\n"
    )


def main() -> None:
    """Measure what is missing."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--table", action="store_true", help="only regenerate the table")
    arguments = parser.parse_args()
    results: dict[str, Any] = json.loads(RESULTS.read_text("utf-8")) if RESULTS.is_file() else {"runs": {}}
    for seed, recipe, (data, shape, ratio, largest) in product(range(arguments.seeds), ("standard", "best"), SETS):
        name = f"{data}, {largest:,} a class, {SHAPES[shape]} down to 1:{ratio}, `{recipe}`"
        if arguments.table or any(run["seed"] == seed + FIRST_SEED for run in results["runs"].get(name, [])):
            continue
        part = uneven(load_dataset(data), shape, ratio, largest, seed + FIRST_SEED)
        results["runs"].setdefault(name, []).append(measure(part, recipe, seed + FIRST_SEED))
        results |= measured_with()
        write_json(RESULTS, results)
        print(name, seed, {key: round(value, 4) for key, value in columns(results["runs"][name][-1]).items()}, flush=True)
    replace_between(PAGE, "balance", section(results))


if __name__ == "__main__":
    main()
