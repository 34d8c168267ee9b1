"""Measure how much better the notebook's convolutional network is than its dense predecessor.

    python benchmarks/cnn_against_ann.py [--data mnist] [--recipe notebook --recipe standard] [--seeds 10]
    python benchmarks/cnn_against_ann.py --table

The notebook compared one training of each: 99.03% and 98.04%. Here both are trained with the same seeds and classify the same
test images, so the difference is paired over seeds and over images. The misclassified test images of every training are saved
to `benchmarks/results/cnn_against_ann.json` at once, so a stopped measurement continues where it was. The table of
`docs/cnn-against-ann.md` is generated from them; ``--table`` only regenerates it.
"""

from __future__ import annotations

import argparse
import json
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
from markdown_parts import measured_with, replace_between

from convscope.analysis.evaluation import evaluate
from convscope.analysis.statistics.paired import mid_p
from convscope.data.load import load_dataset
from convscope.formatting import count_of
from convscope.models.architectures import MODELS
from convscope.models.network import from_keras
from convscope.models.onnx_writer.writer import onnx_bytes
from convscope.models.predictor import Predictor
from convscope.studies.comparisons import compare_all
from convscope.system.files import write_json
from convscope.training.loop import fit
from convscope.training.recipes import RECIPES

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "benchmarks" / "results" / "cnn_against_ann.json"
PAGE = ROOT / "docs" / "cnn-against-ann.md"
FIRST, SECOND = "cnn", "ann"
Array = np.ndarray[Any, Any]


def measure(data: str, recipe: str, model: str, seed: int) -> dict[str, Any]:
    """Train once and return the indices of the misclassified test images."""
    dataset = load_dataset(data)
    training = fit(MODELS[model], dataset, RECIPES[recipe](), seed=seed)
    evaluation = evaluate(Predictor(onnx_bytes(from_keras(training.model))), dataset.test, dataset.class_names)
    wrong = np.flatnonzero(evaluation.predictions != evaluation.labels).tolist()
    return {"model": model, "seed": seed, "n": len(evaluation), "wrong": wrong, "seconds": training.seconds}


def correct(runs: list[dict[str, Any]], model: str, seeds: int) -> Array:
    """Return (seeds, n): whether each prediction is correct."""
    found = {run["seed"]: run for run in runs if run["model"] == model}
    predictions = np.ones((seeds, found[0]["n"]), bool)
    for seed in range(seeds):
        predictions[seed, found[seed]["wrong"]] = False
    return predictions


def summarise(first: Array, second: Array) -> dict[str, Any]:
    """Compare two arrays (seeds, n) of correct predictions as a study does.

    Differences are first minus second, as fractions. ``p`` is that of the exact sign-flip test over seeds, for these test
    images.
    """
    seeds, n = first.shape
    per_seed = first.mean(axis=1) - second.mean(axis=1)
    signs = np.array(list(product((1, -1), repeat=seeds)))
    tables = [(int((one & ~other).sum()), int((other & ~one).sum())) for one, other in zip(first, second, strict=True)]
    (pair,) = compare_all({FIRST: first, SECOND: second}) or (None,)
    return {
        "seeds": seeds, "n": n,
        "accuracy_first": first.mean(axis=1).tolist(), "accuracy_second": second.mean(axis=1).tolist(),
        "difference": float(per_seed.mean()), "sd": pair and pair.sd,
        "interval_seeds": pair and [pair.interval.low, pair.interval.high],
        "interval_seeds_and_images": pair and [pair.interval_of_both.low, pair.interval_of_both.high],
        "p": float((np.abs(signs @ per_seed) >= abs(per_seed.sum()) - 1e-12).mean()),
        "p_paired_t": pair and pair.p,
        "mcnemar": [mid_p(*table) for table in tables], "only_first_right": [table[0] for table in tables],
        "only_second_right": [table[1] for table in tables],
    }  # fmt: skip


def points(pair: list[float] | None) -> str:
    """Return an interval in percentage points."""
    return "–" if pair is None else f"{100 * pair[0]:.2f} to {100 * pair[1]:.2f}".replace("-", "−")


def row(data: str, recipe: str, found: dict[str, Any]) -> str:
    """Return one line of the table."""
    first, second = (100 * np.array(found[name]) for name in ("accuracy_first", "accuracy_second"))
    spread = [
        f"{each.mean():.2f} ± {each.std(ddof=1):.2f}" if len(each) > 1 else f"{each.mean():.2f}" for each in (first, second)
    ]
    min_p = 2 ** (1 - found["seeds"])
    p = f"{found['p']:.4f}" + (" (the minimum)" if found["p"] <= min_p else "")
    significant = sum(value <= 0.05 for value in found["mcnemar"])
    difference = points([found["difference"]] * 2).split()[0]
    tests = f"{significant} of {found['seeds']}"
    return (
        f"| {data}, `{recipe}` | {found['seeds']} | {spread[0]}% | {spread[1]}% | {difference} | "
        f"{points(found['interval_seeds'])} | {points(found['interval_seeds_and_images'])} | {p} | {tests} |"
    )


def table(results: dict[str, Any]) -> str:
    """Return the table of all comparisons, with machine and versions."""
    machine, versions = results["machine"], results["versions"]
    head = (
        "| data, recipe | seeds | `cnn` (mean ± sd) | `ann` (mean ± sd) | difference, points | 95% CI over seeds | "
        "95% CI over seeds and images | p | seeds with a significant McNemar test |"
    )
    lines = [
        head,
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- |",
        *(row(*name.split("/", 1), each["summary"]) for name, each in sorted(results["comparisons"].items())),
    ]
    named = ", ".join(f"{name} {versions[name]}" for name in ("python", "tensorflow-cpu", "keras") if name in versions)
    return (
        "\n".join(lines)
        + f"\n\n{machine['processor']}, {count_of(machine['cores'], 'core')}, {machine['system']}; {named}; {results['date']}."
    )


def summarised(results: dict[str, Any]) -> dict[str, Any]:
    """Recompute every comparison from the saved errors."""
    for each in results["comparisons"].values():
        done = min(sum(run["model"] == name for run in each["runs"]) for name in (FIRST, SECOND))
        each["summary"] = summarise(*(correct(each["runs"], name, done) for name in (FIRST, SECOND)))
    return results


def load() -> dict[str, Any]:
    """Return the saved results."""
    return json.loads(RESULTS.read_text("utf-8")) if RESULTS.is_file() else {"comparisons": {}}


def main() -> None:
    """Measure what is missing."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", default="mnist")
    parser.add_argument("--recipe", choices=sorted(RECIPES), action="append")
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--table", action="store_true", help="only regenerate the table")
    arguments = parser.parse_args()
    if arguments.table:
        replace_between(PAGE, "cnn against ann", table(summarised(load())))
        return
    for recipe in arguments.recipe or ("notebook", "standard"):
        name, settings = f"{arguments.data}/{recipe}", json.loads(json.dumps(RECIPES[recipe]().as_dict()))
        known = load()["comparisons"].get(name, {})
        runs = known["runs"] if known.get("settings") == settings else []
        for seed, model in product(range(arguments.seeds), (FIRST, SECOND)):
            if any((run["seed"], run["model"]) == (seed, model) for run in runs):
                continue
            runs.append(measure(arguments.data, recipe, model, seed))
            print(name, model, seed, len(runs[-1]["wrong"]), "errors", flush=True)
            done = min(sum(run["model"] == each for run in runs) for each in (FIRST, SECOND))
            if done == 0:
                continue
            results = load()
            results |= measured_with()
            summary = summarise(correct(runs, FIRST, done), correct(runs, SECOND, done))
            results["comparisons"][name] = {"settings": settings, "summary": summary, "runs": runs}
            write_json(RESULTS, results)
            replace_between(PAGE, "cnn against ann", table(results))


if __name__ == "__main__":
    main()
