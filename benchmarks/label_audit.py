"""Measure how many changed labels the label audit finds, how many of its first suspects are wrong, and whether its bound holds.

    python benchmarks/label_audit.py [--sets digits,mnist-1000] [--seeds 3]
    python benchmarks/label_audit.py --command RUN
    python benchmarks/label_audit.py --table

Of each set in ``NAMES``, 0.5 to 10% of the training labels are changed: to another class at random, or, as people confuse classes,
to that of the nearest other class mean in pixels, for images of the half that is closest to it. ``--command`` times the whole
command `convscope audit` on a copy of a finished run, imports and page included. Every value is saved to
`benchmarks/results/label_audit.json` at once, so a stopped measurement continues where it was; the tables of `docs/label-audit.md`
are generated from it. The sets of clothes need Debian's dataset-fashion-mnist.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
from markdown_parts import conditions, measured_with, percent, replace_between, table
from recipe_sets import SETS

from convscope.analysis.label_audit.cross_validation import cross_validate
from convscope.analysis.label_audit.suspects import find_suspects
from convscope.analysis.ood.mahalanobis import squared_distances
from convscope.analysis.statistics.proportions import wilson
from convscope.data.dataset import Dataset, Split
from convscope.system.files import write_json
from convscope.types import Labels

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "benchmarks" / "results" / "label_audit.json"
PAGE = ROOT / "docs" / "label-audit.md"
TOP = 20
SHARES, KINDS = (0.005, 0.01, 0.02, 0.05, 0.1), {"random": "at random", "similar": "to a similar class"}
FOLDS = 4
NAMES = ("digits", "letters-26", "mnist-1000", "fashion-1000")


def flipped(dataset: Dataset, share: float, seed: int, kind: str = "random") -> tuple[Dataset, Labels]:
    """Return ``dataset`` with that share of its training labels changed, and their indices."""
    generator, labels, rows = np.random.default_rng(seed), dataset.train.labels.copy(), np.arange(len(dataset.train))
    number, others = round(share * len(labels)), None
    if kind == "similar":
        pixels = dataset.train.images.reshape(len(labels), -1).astype(np.float64)
        distances = squared_distances(pixels, np.stack([pixels[labels == each].mean(axis=0) for each in np.unique(labels)]))
        own = distances[rows, labels].copy()
        distances[rows, labels] = np.inf
        others = distances.argmin(axis=1)
        rows = np.argsort(distances.min(axis=1) - own)[: len(labels) // 2]
    chosen = generator.choice(rows, number, replace=False)
    random = (labels[chosen] + generator.integers(1, dataset.num_classes, number)) % dataset.num_classes
    labels[chosen] = random if others is None else others[chosen]
    return replace(dataset, train=Split(dataset.train.images, labels)), chosen


def measure(dataset: Dataset, share: float, seed: int, kind: str) -> dict[str, Any]:
    """Audit once."""
    changed, chosen = flipped(dataset, share, seed, kind)
    processor = time.process_time()
    found = cross_validate(changed, folds=FOLDS, seed=seed)
    audit = find_suspects({"train": (changed.train.labels, found.train)}, changed.class_names)
    processor = time.process_time() - processor
    is_wrong = np.isin(audit.index, chosen)
    return {
        "share": share, "seed": seed, "kind": kind, "images": len(changed.train), "epochs": found.epochs, "changed": len(chosen),
        "top": min(TOP, len(chosen)), "wrong_in_top": int(is_wrong[: min(TOP, len(chosen))].sum()),
        "suspects": len(audit), "listed": int(is_wrong.sum()), "estimated_wrong": audit.splits[0].estimated_wrong,
        "is_lower_bound": audit.splits[0].is_lower_bound, "processor_seconds": processor,
    }  # fmt: skip


def measure_command(run: Path) -> dict[str, Any]:
    """Time the whole command on a copy of ``run``."""
    with tempfile.TemporaryDirectory() as temporary:
        copy = Path(shutil.copytree(run, Path(temporary) / "run"))
        command = [sys.executable, "-m", "convscope", "audit", str(copy), "--json"]
        clock, before = time.perf_counter(), os.times()
        subprocess.run(command, capture_output=True, check=True)
        seconds, after = time.perf_counter() - clock, os.times()
        found = json.loads((copy / "metrics.json").read_text("utf-8"))["label_audit"]
    request = json.loads((run / "run.json").read_text("utf-8"))
    return {
        "data": request["dataset"]["name"], "images": found["train"]["n"], "folds": found["folds"], "epochs": found["epochs"],
        "suspects": found["suspects"], "seconds": seconds,
        "processor_seconds": after.children_user + after.children_system - before.children_user - before.children_system,
    }  # fmt: skip


def load() -> dict[str, Any]:
    """Return the saved results."""
    return json.loads(RESULTS.read_text("utf-8")) if RESULTS.is_file() else {"sets": {}}


def save(**new: Any) -> None:
    """Save new results."""
    results = load() | measured_with() | new
    write_json(RESULTS, results)


def pooled(runs: list[dict[str, Any]], part: str, whole: str) -> str:
    """Return the share over all seeds in percent."""
    return percent(sum(run[part] for run in runs) / sum(run[whole] for run in runs))


def estimate(runs: list[dict[str, Any]]) -> str:
    """Return the smallest and the largest bound in percent of the changed labels, where one is given."""
    given = [100 * run["estimated_wrong"] / run["changed"] for run in runs if run["is_lower_bound"]]
    few = f" ({len(given)} of {len(runs)})" if 0 < len(given) < len(runs) else ""
    return f"{min(given):.0f}–{max(given):.0f}{few}" if given else "–"


COLUMNS: dict[str, Callable[[list[dict[str, Any]]], str]] = {
    f"Wrong among the top {TOP} (or as many as were changed), %": lambda runs: pooled(runs, "wrong_in_top", "top"),
    "Changed labels among the suspects, %": lambda runs: pooled(runs, "listed", "changed"),
    "Suspects whose label was changed, %": lambda runs: pooled(runs, "listed", "suspects"),
    "“At least N”, % of the changed labels": estimate,
}


def bound_sentence(runs: list[dict[str, Any]]) -> str:
    """Return in how many audits the bound held."""
    given = [run for run in runs if run["is_lower_bound"]]
    held = sum(run["estimated_wrong"] <= run["changed"] for run in given)
    others = [run for run in runs if not run["is_lower_bound"]]
    too_many = sum(run["estimated_wrong"] > run["changed"] for run in others)
    worst = max(others, key=lambda run: run["estimated_wrong"] / run["changed"])
    interval = wilson(held, len(given))
    return (
        f"A number was given in {len(given)} of {len(runs)} audits. In {held} of these ({percent(held / len(given))}%, 95% CI "
        f"{percent(interval.low)} to {percent(interval.high)}), at least so many labels had been changed. In {too_many} of the "
        f"others, the estimate was larger than the number of changed labels, up to "
        f"{worst['estimated_wrong']} for {worst['changed']}."
    )


def earlier_sentence(runs: list[dict[str, Any]]) -> str:
    """Return what an earlier version of this script measured on a large set."""
    found, numbers = ([run[key] for run in runs] for key in ("in_top", "estimated_wrong"))
    first = runs[0]
    return (
        f"Of all {first['images']:,} training images of {first['data']} with {first['changed']:,} labels changed at random, "
        f"{min(found):,} to {max(found):,} of these were among the first {first['top']:,} suspects; the estimate was "
        f"{min(numbers):,} to {max(numbers):,} ({len(runs)} seeds, an earlier measurement)."
    )


def section(results: dict[str, Any]) -> str:
    """Return a table per measure: a row per set and kind of change, a column per share of changed labels."""
    groups = {
        (name, kind): {share: [run for run in runs if (run["kind"], run["share"]) == (kind, share)] for share in SHARES}
        for name, runs in results["sets"].items()
        for kind in KINDS
    }
    tables = []
    for title, cell in COLUMNS.items():
        rows = [
            [f"{name}, {KINDS[kind]}", *(cell(runs) if runs else "" for runs in by_share.values())]
            for (name, kind), by_share in groups.items()
        ]
        tables.append(f"{title}:\n\n{table(['labels changed', *(f'{100 * share:g}%' for share in SHARES)], rows)}")
    runs = [run for each in results["sets"].values() for run in each]
    each = min(len(runs) for by_share in groups.values() for runs in by_share.values())
    seconds = [run["processor_seconds"] for run in runs]
    cost = f"{each} seeds each; an audit took {min(seconds):.1f} to {max(seconds):.1f} s of CPU time. {conditions(results)}."
    return "\n\n".join(
        [*tables, bound_sentence(runs), earlier_sentence(results["earlier"]), command_sentence(results.get("command")), cost]
    )


def command_sentence(command: dict[str, Any] | None) -> str:
    """Return how long the whole command took, or nothing if that was not measured."""
    if command is None:
        return ""
    folds = f"{command['folds']} folds of {command['epochs']} epoch{'' if command['epochs'] == 1 else 's'}"
    return f"""`convscope audit` on a run of {command["data"]} ({command["images"]:,} training images, {folds}) takes
{command["seconds"]:.0f} s, imports and page included, and {command["processor_seconds"]:.0f} s of CPU time."""


def main() -> None:
    """Measure what is missing, or regenerate."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sets", default=",".join(NAMES))
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--command", type=Path, metavar="RUN", help="only time the command, on a copy of this run")
    parser.add_argument("--table", action="store_true", help="only regenerate the tables")
    arguments = parser.parse_args()
    if arguments.command:
        save(command=measure_command(arguments.command))
    elif not arguments.table:
        for name in arguments.sets.split(","):
            dataset = SETS[name]()
            for seed, share, kind in product(range(arguments.seeds), SHARES, KINDS):
                sets = load()["sets"]
                runs = sets.setdefault(name, [])
                if any((run["seed"], run["share"], run["kind"]) == (seed, share, kind) for run in runs):
                    continue
                runs.append(measure(dataset, share, seed, kind))
                print(name, json.dumps(runs[-1]), flush=True)
                save(sets=sets)
    replace_between(PAGE, "label audit", section(load()))


if __name__ == "__main__":
    main()
