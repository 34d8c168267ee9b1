"""Measure how augmentation affects robustness: one network and recipe, three augmentations, several seeds.

    python benchmarks/robustness.py --augmentation [--seeds 5]

All networks classify the same corrupted images. The results per image are saved to `benchmarks/results/augmentation.json`
at once, so a stopped measurement continues where it was. :func:`section` writes them up for `docs/robustness.md`.
"""

from __future__ import annotations

import json
import time
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
from markdown_parts import conditions, measured_with, percent, table

from convscope.analysis.robustness.background import background_of
from convscope.analysis.robustness.corruption_accuracy import measure_robustness
from convscope.analysis.robustness.corruptions.kinds import KINDS, STRENGTHS
from convscope.analysis.statistics.seeds import interval_over_both
from convscope.api.examine import SEED, choose_indices
from convscope.data.dataset import Dataset
from convscope.data.load import load_dataset
from convscope.models.architectures import MODELS
from convscope.models.network import from_keras
from convscope.models.onnx_writer.writer import onnx_bytes
from convscope.models.predictor import Predictor
from convscope.system.files import write_json
from convscope.training.augmentation import Augmentation, in_words
from convscope.training.loop import fit
from convscope.training.recipes import RECIPES

RESULTS = Path(__file__).parents[1] / "benchmarks" / "results" / "augmentation.json"
AUGMENTED = ("cnn", "standard")
"""Network and recipe whose augmentation varies."""
AUGMENTATIONS = {
    "none": Augmentation(),
    "the recipe's own": RECIPES[AUGMENTED[1]]().augmentation,
    # What the recipe had when the saved results were measured.
    "that of `strong`": Augmentation(shift=1 / 12, rotation=15, scaling=0.15, shear=0.2),
}
Result = dict[str, Any]


def load() -> Result | None:
    """Return the saved results, if any."""
    return json.loads(RESULTS.read_text("utf-8")) if RESULTS.is_file() else None


def measure(dataset: Dataset, augmentation: str, seed: int) -> Result:
    """Train once; count the errors on the test split and the correct predictions on corrupted images.

    ``right`` has one digit per image of the sample: the number of the five strengths at which the prediction is correct.
    """
    started, (model, recipe) = time.perf_counter(), AUGMENTED
    config = replace(RECIPES[recipe](), augmentation=AUGMENTATIONS[augmentation])
    predictor = Predictor(onnx_bytes(from_keras(fit(MODELS[model], dataset, config, seed=seed).model)))
    indices = choose_indices(dataset.test, everything=False)
    found = measure_robustness(predictor, dataset.test, indices, background_of(dataset.test.images), seed=SEED)
    right = {kind: "".join(map(str, found.corrupted[row].sum(axis=0))) for row, kind in enumerate(KINDS)}
    errors = int((predictor.logits(dataset.test.images).argmax(axis=1) != dataset.test.labels).sum())
    return {
        "augmentation": augmentation, "seed": seed, "n": len(dataset.test), "errors": errors, "clean": int(found.clean.sum()),
        "right": right, "seconds": time.perf_counter() - started,
    }  # fmt: skip


def measure_all(seeds: int) -> None:
    """Measure what is missing: each augmentation with each seed."""
    dataset = load_dataset("mnist")
    settings = json.loads(json.dumps({
        "dataset": dataset.name, "fingerprint": dataset.fingerprint, "model": AUGMENTED[0], "recipe": AUGMENTED[1],
        "sample": len(choose_indices(dataset.test, everything=False)),
        "strengths": {name: kind.strengths for name, kind in KINDS.items()},
        "augmentations": {name: each.describe(dataset.image_shape) for name, each in AUGMENTATIONS.items()},
    }))  # fmt: skip
    known = load() or {}
    done = known["runs"] if known.get("settings") == settings else []
    for seed, augmentation in product(range(seeds), AUGMENTATIONS):
        if any((run["seed"], run["augmentation"]) == (seed, augmentation) for run in done):
            continue
        done.append(measure(dataset, augmentation, seed))
        print(augmentation, seed, done[-1]["errors"], "errors", f"{done[-1]['seconds']:.0f} s", flush=True)
        write_json(RESULTS, {**measured_with(),
                             "settings": settings, "runs": done})  # fmt: skip


def runs_with(results: Result, augmentation: str) -> list[Result]:
    """Return the runs with ``augmentation`` in order of seed, for seeds that all augmentations have."""
    runs = {(run["augmentation"], run["seed"]): run for run in results["runs"]}
    seeds = sorted({seed for _, seed in runs if all((each, seed) in runs for each in AUGMENTATIONS)})
    return [runs[augmentation, seed] for seed in seeds]


def shares(results: Result, augmentation: str, kind: str | None) -> np.ndarray[Any, Any]:
    """Return (seeds, n): the share of strengths of ``kind``, or of all kinds, at which each image is classified correctly."""
    kinds = list(KINDS) if kind is None else [kind]
    digits = [
        np.mean([[int(digit) for digit in run["right"][each]] for each in kinds], axis=0)
        for run in runs_with(results, augmentation)
    ]
    return np.stack(digits) / STRENGTHS


def gain(results: Result, augmentation: str, kind: str | None) -> tuple[float, float, float]:
    """Return the gain of ``augmentation`` over none, in points, and the ends of its interval over seeds and images."""
    gaps = shares(results, augmentation, kind) - shares(results, "none", kind)
    interval = interval_over_both(gaps)
    assert interval is not None
    return 100 * float(gaps.mean()), 100 * interval.low, 100 * interval.high


def gain_table(results: Result) -> str:
    """Return a table: accuracy per kind and augmentation, and the gain over none, in bold if its interval excludes 0."""
    first, *others = AUGMENTATIONS

    def row(title: str, kind: str | None) -> list[str]:
        accuracies = [percent(float(shares(results, each, kind).mean())) for each in AUGMENTATIONS]
        gains = [gain(results, each, kind) for each in others]
        texts = [f"{middle:+.1f} ({low:+.1f} to {high:+.1f})" for middle, low, high in gains]
        return [title, *accuracies, *(f"**{text}**" if low > 0 or high < 0 else text
                                      for text, (_, low, high) in zip(texts, gains, strict=True))]  # fmt: skip

    clean = [np.mean([1 - run["errors"] / run["n"] for run in runs_with(results, each)]) for each in AUGMENTATIONS]
    rows = [row(kind.title, name) for name, kind in KINDS.items()]
    rows.append(row("**all kinds**", None))
    rows.append(["uncorrupted, all test images", *(f"{100 * share:.2f}" for share in clean), "", ""])
    head = ["accuracy %, mean of five strengths", *AUGMENTATIONS, *(f"{each} minus {first}, points" for each in others)]
    return table(head, rows)


def descriptions(results: Result) -> str:
    """Return what each augmentation does to the training images."""
    described = results["settings"]["augmentations"]
    return "; ".join(f"{each}: {in_words(described[each]) or 'images unchanged'}" for each in AUGMENTATIONS)


TEXT = """The network `{model}` was trained by the recipe `{recipe}` of convscope {version} with the same {seeds} seeds and three
augmentations ({words}).
All networks classify the same {sample:,} test images with the same corruptions. Differences are paired by seed and image. Their 95%
CIs cover other seeds and other images; bold ones exclude 0. They are not corrected for their number: of thirty, one or two exclude
the true value by chance.

{table}

{conditions}."""


def section(results: Result | None) -> str:
    """Return the section of `docs/robustness.md`."""
    if results is None:
        return "Not measured."
    settings = results["settings"]
    return TEXT.format(
        model=settings["model"], recipe=settings["recipe"], seeds=len(shares(results, "none", None)), sample=settings["sample"],
        words=descriptions(results), table=gain_table(results), conditions=conditions(results),
        version=results["versions"]["convscope"],
    )  # fmt: skip
