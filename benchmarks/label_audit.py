"""How many labels that were changed at random the label audit finds, and how long it takes.

    python benchmarks/label_audit.py [--data mnist] [--images N] [--folds 4] [--share 0.01] [--seeds 3]
    python benchmarks/label_audit.py --command RUN

One label in a hundred is given, by a seed, to another class; the audit does not know which. All images are audited unless
``--images`` says otherwise: of MNIST 60,000, in about a minute and a half of the processor. The second measures the command
`convscope audit` on a copy of a finished run, from start to end, imports and page included. Every value is kept in
`benchmarks/results/label_audit.json` as soon as it is there, and the tables in `docs/label-audit.md` are made from it. A run
with the settings of an earlier one takes its place.
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
from convscope.models.backend import require_backend
from convscope.system.files import write_json, write_text
from convscope.system.hardware import describe_machine, package_versions

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "benchmarks" / "results" / "label_audit.json"
PAGE = ROOT / "docs" / "label-audit.md"
TOP = 0.02
KEYS = ("data", "images", "folds", "share", "seed")


def flipped(dataset: Dataset, share: float, seed: int) -> tuple[Dataset, np.ndarray[Any, np.dtype[np.int64]]]:
    """``dataset`` with that share of its training labels given to another class, and which they are."""
    generator, labels = np.random.default_rng(seed), dataset.train.labels.copy()
    chosen = generator.choice(len(labels), round(share * len(labels)), replace=False)
    labels[chosen] = (labels[chosen] + generator.integers(1, dataset.num_classes, len(chosen))) % dataset.num_classes
    return replace(dataset, train=Split(dataset.train.images, labels)), chosen


def measure(dataset: Dataset, folds: int, share: float, seed: int) -> dict[str, Any]:
    """One audit."""
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
    """The whole command, on a copy of ``run``."""
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


def keep(**news: Any) -> None:
    """Put a run, or a measured command, in the place of its like, and make the tables anew."""
    results = json.loads(RESULTS.read_text("utf-8")) if RESULTS.is_file() else {"runs": []}
    results |= {"machine": describe_machine(), "versions": package_versions(), "date": time.strftime("%Y-%m-%d"), **news}
    write_json(RESULTS, results)
    write_table(results)


def row(run: dict[str, Any]) -> str:
    """One line of the table."""
    interval, share = wilson(run["in_top"], run["changed"]), 100 * run["in_top"] / run["changed"]
    return (
        f"| {run['data']} | {run['images']:,} | {run['folds']} × {run['epochs']} | {run['seed']} | {run['changed']:,} | "
        f"{run['in_top']:,}: {share:.1f}% ({100 * interval.low:.1f} to {100 * interval.high:.1f}) | "
        f"{run['suspects']:,} | {run['estimated_wrong']:,} | {run['seconds']:.0f} | {run['processor_seconds']:.0f} |"
    )


def table(results: dict[str, Any]) -> str:
    """All runs, and what they ran on."""
    machine, versions = results["machine"], results["versions"]
    head = (
        "| data | training images | folds × epochs | seed | labels changed | of them in the top 2% (95% interval) | suspects | "
        "estimated wrong | seconds | processor seconds |"
    )
    lines = [
        head,
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |",
        *(row(run) for run in results["runs"]),
    ]
    named = ", ".join(f"{name} {versions[name]}" for name in ("python", "tensorflow-cpu", "keras") if name in versions)
    on = f"{machine['processor']}, {machine['cores']} cores, {machine['system']}; {named}; {results['date']}"
    said = f"Seconds in the table are without the import of TensorFlow, on a machine that is shared with other work. {on}."
    return "\n\n".join(filter(None, ["\n".join(lines), command_sentence(results.get("command")), said]))


def command_sentence(command: dict[str, Any] | None) -> str:
    """What the whole command took, where that was measured."""
    if command is None:
        return ""
    folds = f"{command['folds']} folds of {command['epochs']} epoch{'' if command['epochs'] == 1 else 's'}"
    return f"""The command `convscope audit` on a run of {command["data"]}, {command["images"]:,} training images, {folds}:
{command["seconds"]:.0f} s from start to end, imports and page included; {command["processor_seconds"]:.0f} s of the processor."""


def write_table(results: dict[str, Any]) -> None:
    """Put the table between its marks in the page."""
    marks = re.compile(r"(?<=<!-- label audit: begin -->\n).*?(?=<!-- label audit: end -->)", re.DOTALL)
    write_text(PAGE, marks.sub(lambda _: f"\n{table(results)}\n\n", PAGE.read_text("utf-8")))


def main() -> None:
    """Measure what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", default="mnist")
    parser.add_argument("--images", type=int, help="the first so many training images only")
    parser.add_argument("--folds", type=int, default=4)
    parser.add_argument("--share", type=float, default=0.01)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument(
        "--command", type=Path, metavar="RUN", help="measure the command on a copy of this run, and nothing else"
    )
    parser.add_argument("--table", action="store_true", help="make the tables anew and measure nothing")
    arguments = parser.parse_args()
    if arguments.table:
        write_table(json.loads(RESULTS.read_text("utf-8")))
        return
    if arguments.command:
        keep(command=measure_command(arguments.command))
        return
    dataset = load_dataset(arguments.data)
    if arguments.images:
        train = dataset.train
        dataset = replace(dataset, train=Split(train.images[: arguments.images], train.labels[: arguments.images]))
    require_backend()
    for seed in range(arguments.seeds):
        run = {"data": dataset.name, **measure(dataset, arguments.folds, arguments.share, seed)}
        print(json.dumps(run), flush=True)
        known = json.loads(RESULTS.read_text("utf-8"))["runs"] if RESULTS.is_file() else []
        others = [each for each in known if any(each[key] != run[key] for key in KEYS)]
        keep(runs=sorted([*others, run], key=lambda each: tuple(each[key] for key in KEYS)))


if __name__ == "__main__":
    main()
