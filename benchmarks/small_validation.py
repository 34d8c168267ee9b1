"""Measure whether thresholds and prediction sets that a hundred validation images chose keep their promises on other images.

    python benchmarks/small_validation.py [--seeds 20]
    python benchmarks/small_validation.py --table

With each seed, another small training set is drawn and learned by `standard`; a twelfth of it is held out, and chooses temperature,
thresholds and prediction sets as in any run. Thousands of other images of the same kind show what these come to. Letters in other
fonts than those of the training stand for images that are not of the same kind. No image is of a test split. Every value is saved
to `benchmarks/results/small_validation.json` at once; the table of `docs/explanation/calibration.md` is generated from it. The set
of clothes needs Debian's dataset-fashion-mnist.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from itertools import product
from pathlib import Path

import numpy as np
from markdown_parts import Result, conditions, in_parentheses, measured_with, percent, replace_between, table
from recipe_sets import FONTS, TEST_FONTS, dataset, fashion, letters

from convscope.analysis.evaluation import Evaluation
from convscope.analysis.statistics.proportions import wilson
from convscope.analysis.statistics.seeds import mean_over_seeds
from convscope.analysis.uncertainty.prediction_sets import LEVELS
from convscope.analysis.uncertainty.uncertainty import Uncertainty, measure_uncertainty
from convscope.data.dataset import Dataset
from convscope.data.known.builtin import load_mnist
from convscope.data.split import stratified_sample
from convscope.models.architectures import cnn
from convscope.models.onnx_writer.writer import onnx_bytes
from convscope.models.predictor import Predictor
from convscope.system.files import write_json
from convscope.training.loop import fit
from convscope.training.recipe_rule import TrainingSet
from convscope.training.recipes import find_recipe

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "benchmarks" / "results" / "small_validation.json"
PAGE = ROOT / "docs" / "explanation" / "calibration.md"
TRAIN, OTHERS, LETTERS = 1200, 10_000, 2600


def drawn(whole: Dataset, seed: int) -> Dataset:
    """Return as many training images as a small set has, and others of the same training split in place of test images."""
    kept = stratified_sample(whole.train.labels, TRAIN, seed=seed)
    rest = np.random.default_rng(seed).permutation(np.setdiff1d(np.arange(len(whole.train)), kept))[:OTHERS]
    splits = [(whole.train.images[rows], whole.train.labels[rows]) for rows in (kept, rest)]
    return dataset(whole.name, *splits, whole.class_names)


SETS: dict[str, Callable[[int], Dataset]] = {
    "MNIST": lambda seed: drawn(load_mnist(), seed),
    "Fashion-MNIST": lambda seed: drawn(fashion(), seed),
    "letters": lambda seed: letters(26, TRAIN, LETTERS, (FONTS, FONTS), seed=1000 + seed),
    "letters, other fonts": lambda seed: letters(26, TRAIN, LETTERS, (FONTS, TEST_FONTS), seed=1000 + seed),
}


def measure(made: Dataset, seed: int) -> Result:
    """Train once; return what was promised, and what came of it on the other images."""
    config = find_recipe("standard", TrainingSet.of(made))
    training = fit(cnn, made, config, seed=seed, engine="native")
    evaluation = Evaluation(made.test.labels, training.logits(made.test.images), made.class_names)
    predictor = Predictor(onnx_bytes(training.network))
    found = measure_uncertainty(predictor, made, evaluation, config.as_dict(), seed=seed)
    assert isinstance(found, Uncertainty)
    return {
        "seed": seed, "validation": found.n, "others": len(made.test), "accuracy": evaluation.accuracy,
        "temperature": found.temperature,
        "thresholds": [
            {"target": each.target_accuracy, "answered": each.test.answered, "correct": each.test.correct}
            for each in found.thresholds
        ],
        "sets": [
            {"level": each.level, "coverage": each.coverage.value, "mean_size": each.mean_size}
            for each in found.prediction_sets if each.probability > 0
        ],
    }  # fmt: skip


def thresholds_of(runs: list[Result]) -> list[Result]:
    """Return every threshold that answers any of the other images."""
    return [each for run in runs for each in run["thresholds"] if each["answered"]]


def missed(thresholds: list[Result]) -> int:
    """Return how many are less accurate on the other images than promised."""
    return sum(each["correct"] / each["answered"] < each["target"] for each in thresholds)


def coverage(runs: list[Result], level: float) -> str:
    """Return the mean coverage of the sets of a level with its interval over seeds, and their size."""
    sets = [each for run in runs for each in run["sets"] if each["level"] == level]
    if not sets:
        return "–"
    found = mean_over_seeds([100 * each["coverage"] for each in sets])
    size = np.mean([each["mean_size"] for each in sets])
    return f"{found.mean:.1f}{in_parentheses(found.interval, '.1f')}; {size:.1f}"


def row(name: str, runs: list[Result]) -> list[str]:
    """Return a set's line of the table."""
    thresholds = thresholds_of(runs)
    answered = np.mean([each["answered"] / runs[0]["others"] for each in thresholds])
    return [
        name, percent(float(np.mean([run["accuracy"] for run in runs]))), str(len(thresholds)), percent(float(answered)),
        str(missed(thresholds)), *(coverage(runs, level) for level in LEVELS),
    ]  # fmt: skip


def section(results: Result) -> str:
    """Return the table, and what it comes to over the sets of the same kind."""
    head = ["images", "accuracy, %", "thresholds", "answered, %", "below their promise",
            *(f"coverage of {100 * level:g}% sets, % (95% CI); classes" for level in LEVELS)]  # fmt: skip
    runs = [run for name, each in results["runs"].items() if "other" not in name for run in each]
    thresholds = thresholds_of(runs)
    interval = wilson(missed(thresholds), len(thresholds))
    counts = [run["validation"] for run in runs]
    validation = sorted({min(counts), max(counts)})
    used, low = sum(run["temperature"] is not None for run in runs), missed(thresholds)
    covered = [each["coverage"] for run in runs for each in run["sets"] if each["level"] == LEVELS[0]]
    rows = [row(name, each) for name, each in results["runs"].items()]
    return f"""{table(head, rows)}

{len(results["runs"]["MNIST"])} seeds, {TRAIN:,} images each, {" to ".join(map(str, validation))} of which for validation. A
temperature was in use in {used} of the {len(runs)} runs of the first three lines. Of their thresholds, {low} of {len(thresholds)}
are below their promise ({percent(low / len(thresholds))}%, 95% CI {percent(interval.low)} to {percent(interval.high)}; at most 5%
may be). Single ones of these runs covered {percent(min(covered))} to {percent(max(covered))}% with sets for {100 * LEVELS[0]:g}%.
{conditions(results)}."""


def load() -> Result:
    """Return the saved results."""
    return json.loads(RESULTS.read_text("utf-8")) if RESULTS.is_file() else {"runs": {}}


def main() -> None:
    """Measure what is missing."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--table", action="store_true", help="only regenerate the table")
    arguments = parser.parse_args()
    for seed, name in product(range(0 if arguments.table else arguments.seeds), SETS):
        results = load()
        runs = results["runs"].setdefault(name, [])
        if all(run["seed"] != seed for run in runs):
            runs.append(measure(SETS[name](seed), seed))
            print(name, runs[-1], flush=True)
            results |= measured_with()
            write_json(RESULTS, results)
    replace_between(PAGE, "small validation", section(load()))


if __name__ == "__main__":
    main()
