"""`docs/benchmarks.md`, and the table in the README, from the results: no number in them is written by hand.

python benchmarks/table.py
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from statistics import mean, median, stdev
from typing import Any

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "benchmarks" / "results" / "recipes.json"
PAGE = ROOT / "docs" / "benchmarks.md"
README = ROOT / "README.md"
SHOWN = ("python", "tensorflow-cpu", "keras", "numpy")
MARKS = re.compile(r"(?<=<!-- benchmarks: begin -->\n).*?(?=<!-- benchmarks: end -->)", re.DOTALL)

TEMPLATE = """\
# Benchmarks

Made by `make bench` from `benchmarks/results/recipes.json`, which holds the values of every run.

{conditions}

"Training" is from the first layer built to the last weight learnt, validation included; "command" is the whole process,
from start to end, imports, evaluation and export included. The original script is `benchmarks/original.py`: the
notebook's steps in plain Keras with every default. Seconds are medians; the runs of one seed followed each other.

{table}

`standard` without `--no-report` also trains the dense network that the report sets beside it{ann}, draws every figure
and writes the page.
"""
HEAD = """\
| what | seeds | accuracy on the test split (mean ± sd) | training, s | command, s | command, against the original |
| --- | --- | --- | --- | --- | --- |
"""


def row(name: str, runs: list[dict[str, Any]], original: list[dict[str, Any]]) -> str:
    """One line of the table."""
    accuracies = [run["accuracy"] * 100 for run in runs]
    spread = f" ± {stdev(accuracies):.2f}" if len(runs) > 1 else ""
    ratios = [run["wall_seconds"] / base["wall_seconds"] for run, base in zip(runs, original, strict=True)]
    train, command = (median(run[key] for run in runs) for key in ("train_seconds", "wall_seconds"))
    label = name if name == "original script" else f"`convscope train mnist --recipe {name}`"
    return f"| {label} | {len(runs)} | {mean(accuracies):.2f}{spread} % | {train:.1f} | {command:.1f} | {median(ratios):.2f} × |"


def make() -> tuple[str, str]:
    """The page, and the block of the README."""
    results = json.loads(RESULTS.read_text("utf-8"))
    runs, machine, versions = results["runs"], results["machine"], results["versions"]
    named = ", ".join(f"{name} {versions[name]}" for name in SHOWN if name in versions)
    conditions = (
        f"Machine: {machine['processor']}, {machine['cores']} cores, {machine['system']}, shared with other work, so good to "
        f"about 20 %. Versions: {named}. Date: {results['date']}."
    )
    table = HEAD + "\n".join(row(name, values, runs["original script"]) for name, values in runs.items())
    anns = [run["ann_accuracy"] * 100 for run in runs["standard"] if "ann_accuracy" in run]
    ann = f" ({mean(anns):.2f} ± {stdev(anns):.2f} %, n = {len(anns)})" if len(anns) > 1 else ""
    page = TEMPLATE.format(conditions=conditions, table=table, ann=ann)
    return page, f"\n{table}\n\n{conditions} What each column means: [docs/benchmarks.md](docs/benchmarks.md).\n\n"


def main() -> None:
    """Write both."""
    page, block = make()
    PAGE.write_text(page, encoding="utf-8")
    README.write_text(MARKS.sub(lambda _: block, README.read_text("utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
