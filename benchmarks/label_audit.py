"""Measure how many randomly changed labels the label audit finds, and how long it takes.

    python benchmarks/label_audit.py [--data mnist] [--images N] [--folds 4] [--share 0.01] [--seeds 3]
    python benchmarks/label_audit.py --command RUN

One label in a hundred is changed to another class at random. ``--images`` limits the number of training images; all 60,000
of MNIST take about 20 s of CPU time. ``--command`` times the whole command `convscope audit` on a copy of a finished run,
imports and page included. Every value is saved to `benchmarks/results/label_audit.json` at once, replacing an earlier one with
the same settings; the tables of `docs/label-audit.md` are generated from it.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from convscope.analysis.label_audit.cross_validation import cross_validate
from convscope.analysis.label_audit.suspects import find_suspects
from convscope.analysis.statistics.proportions import wilson
from convscope.data.dataset import Dataset, Split
from convscope.data.load import load_dataset
from convscope.system.files import write_json, write_text
from convscope.system.hardware import describe_machine, package_versions

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "benchmarks" / "results" / "label_audit.json"
PAGE = ROOT / "docs" / "label-audit.md"
TOP = 0.02
KEYS = ("data", "images", "folds", "share", "seed")


def flipped(dataset: Dataset, share: float, seed: int) -> tuple[Dataset, np.ndarray[Any, np.dtype[np.int64]]]:
    """Return ``dataset`` with that share of its training labels changed to another class, and their indices."""
    generator, labels = np.random.default_rng(seed), dataset.train.labels.copy()
    chosen = generator.choice(len(labels), round(share * len(labels)), replace=False)
    labels[chosen] = (labels[chosen] + generator.integers(1, dataset.num_classes, len(chosen))) % dataset.num_classes
    return replace(dataset, train=Split(dataset.train.images, labels)), chosen


def measure(dataset: Dataset, folds: int, share: float, seed: int) -> dict[str, Any]:
    """Audit once."""
    changed, chosen = flipped(dataset, share, seed)
    clock, processor = time.perf_counter(), time.process_time()
    found = cross_validate(changed, folds=folds, seed=seed)
    audit = find_suspects({"train": (changed.train.labels, found.train)}, changed.class_names)
    seconds, processor = time.perf_counter() - clock, time.process_time() - processor
    top = round(TOP * len(changed.train))
    return {
        "images": len(changed.train), "folds": folds, "share": share, "seed": seed, "epochs": found.epochs,
        "changed": len(chosen),
        "in_top": len(set(audit.index[:top].tolist()) & set(chosen.tolist())), "top": top,
        "listed": len(set(audit.index.tolist()) & set(chosen.tolist())), "suspects": len(audit),
        "estimated_wrong": audit.splits[0].estimated_wrong,
        "seconds": seconds, "processor_seconds": processor,
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


def save(**new: Any) -> None:
    """Save new results and regenerate the tables."""
    results = json.loads(RESULTS.read_text("utf-8")) if RESULTS.is_file() else {"runs": []}
    results |= {"machine": describe_machine(), "versions": package_versions(), "date": time.strftime("%Y-%m-%d"), **new}
    write_json(RESULTS, results)
    write_table(results)


def row(run: dict[str, Any]) -> str:
    """Return one line of the table."""
    interval, share = wilson(run["in_top"], run["changed"]), 100 * run["in_top"] / run["changed"]
    return (
        f"| {run['data']} | {run['images']:,} | {run['folds']} × {run['epochs']} | {run['seed']} | {run['changed']:,} | "
        f"{run['in_top']:,}: {share:.1f}% ({100 * interval.low:.1f} to {100 * interval.high:.1f}) | "
        f"{run['suspects']:,} | {run['estimated_wrong']:,} | {run['seconds']:.0f} | {run['processor_seconds']:.0f} |"
    )


def table(results: dict[str, Any]) -> str:
    """Return the table of all runs, with machine and versions."""
    machine, versions = results["machine"], results["versions"]
    head = (
        "| data | training images | folds × epochs | seed | labels changed | found in the top 2% (95% CI) | suspects | "
        "estimated label errors | seconds | CPU seconds |"
    )
    lines = [
        head,
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |",
        *(row(run) for run in results["runs"]),
    ]
    named = ", ".join(f"{name} {versions[name]}" for name in ("python", "tensorflow-cpu", "keras") if name in versions)
    environment = f"{machine['processor']}, {machine['cores']} cores, {machine['system']}; {named}; {results['date']}"
    note = f"Seconds in the table exclude imports. {environment}."
    return "\n\n".join(filter(None, ["\n".join(lines), command_sentence(results.get("command")), note]))


def command_sentence(command: dict[str, Any] | None) -> str:
    """Return how long the whole command took, or nothing if that was not measured."""
    if command is None:
        return ""
    folds = f"{command['folds']} folds of {command['epochs']} epoch{'' if command['epochs'] == 1 else 's'}"
    return f"""`convscope audit` on a run of {command["data"]} ({command["images"]:,} training images, {folds}) takes
{command["seconds"]:.0f} s, imports and page included, and {command["processor_seconds"]:.0f} s of CPU time."""


def write_table(results: dict[str, Any]) -> None:
    """Replace the tables in the document."""
    marks = re.compile(r"(?<=<!-- label audit: begin -->\n).*?(?=<!-- label audit: end -->)", re.DOTALL)
    write_text(PAGE, marks.sub(lambda _: f"\n{table(results)}\n\n", PAGE.read_text("utf-8")))


def main() -> None:
    """Measure or regenerate."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", default="mnist")
    parser.add_argument("--images", type=int, metavar="N", help="use only the first N training images")
    parser.add_argument("--folds", type=int, default=4)
    parser.add_argument("--share", type=float, default=0.01)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--command", type=Path, metavar="RUN", help="only time the command, on a copy of this run")
    parser.add_argument("--table", action="store_true", help="only regenerate the tables")
    arguments = parser.parse_args()
    if arguments.table:
        write_table(json.loads(RESULTS.read_text("utf-8")))
        return
    if arguments.command:
        save(command=measure_command(arguments.command))
        return
    dataset = load_dataset(arguments.data)
    if arguments.images:
        train = dataset.train
        dataset = replace(dataset, train=Split(train.images[: arguments.images], train.labels[: arguments.images]))
    for seed in range(arguments.seeds):
        run = {"data": dataset.name, **measure(dataset, arguments.folds, arguments.share, seed)}
        print(json.dumps(run), flush=True)
        known = json.loads(RESULTS.read_text("utf-8"))["runs"] if RESULTS.is_file() else []
        others = [each for each in known if any(each[key] != run[key] for key in KEYS)]
        save(runs=sorted([*others, run], key=lambda each: tuple(each[key] for key in KEYS)))


if __name__ == "__main__":
    main()
