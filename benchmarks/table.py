"""`docs/benchmarks.md` from the results: no number in it is written by hand.

python benchmarks/table.py
"""

from __future__ import annotations

import json
from pathlib import Path
from statistics import mean, median, stdev
from typing import Any

HERE = Path(__file__).parent
RESULTS = HERE / "results" / "recipes.json"
PAGE = HERE.parent / "docs" / "benchmarks.md"
SHOWN = ("python", "tensorflow-cpu", "keras", "numpy")

TEMPLATE = """\
# Benchmarks

Made by `make bench` from `benchmarks/results/recipes.json`; every run's values are in there.

**Machine:** {processor}, {cores} cores, {system}, shared with other work, so good to about 20 %.
**Versions:** {versions}. **Date:** {date}.

"Training" is from the first layer built to the last weight learnt, validation included; "command" is the whole process,
from start to end, imports, evaluation and export included. The original script is `benchmarks/original.py`: the
notebook's steps in plain Keras with every default. Seconds are medians; the runs of one seed followed each other.

| what | seeds | accuracy on the test split (mean ± sd) | training, s | command, s | against the original |
| --- | --- | --- | --- | --- | --- |
{rows}

`standard` without `--no-report` also trains the dense network that the report sets beside it{ann}, draws every figure
and writes the page.
"""


def row(name: str, runs: list[dict[str, Any]], original: list[dict[str, Any]]) -> str:
    """One line of the table."""
    accuracies = [run["accuracy"] * 100 for run in runs]
    spread = f" ± {stdev(accuracies):.2f}" if len(runs) > 1 else ""
    ratios = [run["wall_seconds"] / base["wall_seconds"] for run, base in zip(runs, original, strict=True)]
    train, command = (median(run[key] for run in runs) for key in ("train_seconds", "wall_seconds"))
    label = name if name == "original script" else f"`convscope train mnist --recipe {name}`"
    return f"| {label} | {len(runs)} | {mean(accuracies):.2f}{spread} % | {train:.1f} | {command:.1f} | {median(ratios):.2f} × |"


def main() -> None:
    """Write the page."""
    results = json.loads(RESULTS.read_text("utf-8"))
    runs, machine, versions = results["runs"], results["machine"], results["versions"]
    anns = [run["ann_accuracy"] * 100 for run in runs["standard"] if "ann_accuracy" in run]
    ann = f" ({mean(anns):.2f} ± {stdev(anns):.2f} %, n = {len(anns)})" if len(anns) > 1 else ""
    PAGE.write_text(
        TEMPLATE.format(
            **machine, date=results["date"], ann=ann,
            versions=", ".join(f"{name} {versions[name]}" for name in SHOWN if name in versions),
            rows="\n".join(row(name, values, runs["original script"]) for name, values in runs.items()),
        ),
        encoding="utf-8",
    )  # fmt: skip


if __name__ == "__main__":
    main()
