"""What augmentation changes in how a network bears damage: the same network and recipe, in three augmentations.

    python benchmarks/robustness.py --augmentation [--seeds 5]

Every training is from several seeds, and all are shown the same damaged images. What each makes of each image is kept in
`benchmarks/results/augmentation.json` as soon as it is there: what was stopped goes on where it was. :func:`part` makes the
part of `docs/robustness.md` from it.
"""

from __future__ import annotations

import json
import time
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
from markdown_parts import conditions, percent, table

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
from convscope.system.hardware import describe_machine, package_versions
from convscope.training.augmentation import Augmentation, in_words
from convscope.training.loop import fit
from convscope.training.recipes import RECIPES

RESULTS = Path(__file__).parents[1] / "benchmarks" / "results" / "augmentation.json"
AUGMENTED = ("cnn", "standard")
"""Network and recipe whose augmentation is exchanged."""
AUGMENTATIONS = {
    "none": Augmentation(),
    "the recipe's own": RECIPES[AUGMENTED[1]]().augmentation,
    "that of `strong`": RECIPES["strong"]().augmentation,
}
Result = dict[str, Any]


def load() -> Result | None:
    """What has been measured so far, if anything."""
    return json.loads(RESULTS.read_text("utf-8")) if RESULTS.is_file() else None


def measure(dataset: Dataset, augmentation: str, seed: int) -> Result:
    """One training: its errors on the whole test split, and for each kind and each image of the sample at how many of the five
    strengths it was right, a digit per image."""
    started, (model, recipe) = time.perf_counter(), AUGMENTED
    config = replace(RECIPES[recipe](), augmentation=AUGMENTATIONS[augmentation])
    predictor = Predictor(onnx_bytes(from_keras(fit(MODELS[model], dataset, config, seed=seed).model)))
    places = choose_indices(dataset.test, everything=False)
    found = measure_robustness(predictor, dataset.test, places, background_of(dataset.test.images), seed=SEED)
    right = {kind: "".join(map(str, found.corrupted[row].sum(axis=0))) for row, kind in enumerate(KINDS)}
    errors = int((predictor.logits(dataset.test.images).argmax(axis=1) != dataset.test.labels).sum())
    return {
        "augmentation": augmentation, "seed": seed, "n": len(dataset.test), "errors": errors, "clean": int(found.clean.sum()),
        "right": right, "seconds": time.perf_counter() - started,
    }  # fmt: skip


def measure_all(seeds: int) -> None:
    """Whatever is missing of every augmentation from every seed."""
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
        print(augmentation, seed, done[-1]["errors"], "wrong", f"{done[-1]['seconds']:.0f} s", flush=True)
        write_json(RESULTS, {"machine": describe_machine(), "versions": package_versions(), "date": time.strftime("%Y-%m-%d"),
                             "settings": settings, "runs": done})  # fmt: skip


def of_augmentation(results: Result, augmentation: str) -> list[Result]:
    """Its runs, seed by seed; of seeds that every augmentation has been trained with."""
    runs = {(run["augmentation"], run["seed"]): run for run in results["runs"]}
    seeds = sorted({seed for _, seed in runs if all((each, seed) in runs for each in AUGMENTATIONS)})
    return [runs[augmentation, seed] for seed in seeds]


def shares(results: Result, augmentation: str, kind: str | None) -> np.ndarray[Any, Any]:
    """(seeds, n) of each image the share of strengths, of ``kind`` or of all, at which it was right."""
    kinds = list(KINDS) if kind is None else [kind]
    digits = [
        np.mean([[int(digit) for digit in run["right"][each]] for each in kinds], axis=0)
        for run in of_augmentation(results, augmentation)
    ]
    return np.stack(digits) / STRENGTHS


def gain(results: Result, augmentation: str, kind: str | None) -> tuple[float, float, float]:
    """Points that ``augmentation`` is better by than none, and the ends of its interval over seeds and images."""
    gaps = shares(results, augmentation, kind) - shares(results, "none", kind)
    interval = interval_over_both(gaps)
    assert interval is not None
    return 100 * float(gaps.mean()), 100 * interval.low, 100 * interval.high


def gain_table(results: Result) -> str:
    """Accuracy per kind with each augmentation, and what each gains over none; in bold where its interval is beyond 0."""
    first, *others = AUGMENTATIONS

    def row(title: str, kind: str | None) -> list[str]:
        accuracies = [percent(float(shares(results, each, kind).mean())) for each in AUGMENTATIONS]
        gains = [gain(results, each, kind) for each in others]
        texts = [f"{middle:+.1f} ({low:+.1f} to {high:+.1f})" for middle, low, high in gains]
        return [title, *accuracies, *(f"**{text}**" if low > 0 or high < 0 else text
                                      for text, (_, low, high) in zip(texts, gains, strict=True))]  # fmt: skip

    clean = [np.mean([1 - run["errors"] / run["n"] for run in of_augmentation(results, each)]) for each in AUGMENTATIONS]
    rows = [row(kind.title, name) for name, kind in KINDS.items()]
    rows.append(row("**all kinds**", None))
    rows.append(["as they are, all test images", *(f"{100 * share:.2f}" for share in clean), "", ""])
    head = ["accuracy % over five strengths", *AUGMENTATIONS, *(f"{each}, less {first}: points" for each in others)]
    return table(head, rows)


def in_each(results: Result) -> str:
    """What each of them does to the training images."""
    described = results["settings"]["augmentations"]
    return "; ".join(f"{each}: {in_words(described[each]) or 'every image as it is'}" for each in AUGMENTATIONS)


TEXT = """The same network, `{model}`, trained with the same recipe, `{recipe}`, from the same {seeds} seeds; only what is done
to the training images differs ({words}).
All are shown the same {sample:,} damaged images. A difference is taken seed by seed and image by image, and its 95% interval
holds for other seeds and other images; in bold where it does not hold 0. Of thirty such intervals one or two miss by chance.

{table}

{conditions}."""


def part(results: Result | None) -> str:
    """What augmentation changes, where that was measured."""
    if results is None:
        return "Not measured."
    settings = results["settings"]
    return TEXT.format(
        model=settings["model"], recipe=settings["recipe"], seeds=len(shares(results, "none", None)), sample=settings["sample"],
        words=in_each(results), table=gain_table(results), conditions=conditions(results),
    )  # fmt: skip
