"""Measure the robustness of networks to corruptions, attacks and out-of-distribution images, and the effect of augmentation.

    python benchmarks/robustness.py [--runs DIR…] [--everything]
    python benchmarks/robustness.py --augmentation [--seeds 5]
    python benchmarks/robustness.py --table

The first form measures finished runs on the same corrupted images and saves the numbers to
`benchmarks/results/robustness.json` (and to the runs). Without ``--runs`` it trains `standard` and `best` into
`runs/robustness-…` unless these exist. The second form trains `cnn` by the recipe `standard` with
three augmentations and several seeds, and saves the results to `benchmarks/results/augmentation.json` at once, so a stopped
measurement continues where it was. Both regenerate `docs/robustness.md` at their end; ``--table`` does only that.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path
from typing import Any

import numpy as np

import convscope
from convscope.analysis.robustness.corruptions.kinds import KINDS
from convscope.analysis.statistics.proportions import simultaneous_z
from convscope.api.examine import RobustnessReport
from convscope.page.text.uncertainty import robustness as corruption_robustness
from convscope.runs import files, store
from convscope.system.files import write_json, write_text

sys.path.insert(0, str(Path(__file__).parent))
import augmentation
import out_of_distribution
from markdown_parts import conditions, measured_with, percent, table

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "benchmarks" / "results" / "robustness.json"
PAGE = ROOT / "docs" / "robustness.md"
PLAN = {"standard": "cnn", "best": "cnn"}
"""Recipe and network of the runs that are trained by default."""
Result = dict[str, Any]


def trained(recipe: str, model: str) -> Path:
    """Return the folder of a run on MNIST with seed 0, after training it if it does not exist."""
    folder = ROOT / "runs" / f"robustness-{recipe}"
    if not (folder / files.MANIFEST).is_file():
        convscope.train("mnist", model=model, recipe=recipe, seed=0, out=folder)
    return folder


def measure(folder: Path, *, everything: bool) -> tuple[Result, RobustnessReport]:
    """Measure one run: its settings, and three sections of its metrics."""
    started = sum(os.times()[:4])
    found = convscope.examine(folder, everything=everything)
    request = store.load_record(folder).request
    test = found.metrics["test"]
    result = {
        "model": request["model"], "recipe": request["recipe"], "seed": request["seed"],
        "dataset": request["dataset"]["name"], "fingerprint": request["dataset"]["fingerprint"],
        "augmentation": request["augmentation"], "parameters": found.metrics["parameters"],
        "multiply_adds": found.metrics["multiply_adds"],
        "test": {key: test[key] for key in ("n", "errors", "accuracy", "interval")},
        "cpu_seconds": sum(os.times()[:4]) - started,
        **{name: found.metrics[name] for name in ("robustness", "ood", "attacks")},
    }  # fmt: skip
    return result, found


def difference(one: RobustnessReport, other: RobustnessReport) -> Result:
    """Return the paired difference in accuracy, other minus one, per kind and over all, with normal intervals.

    Those per kind are corrected for the number of kinds.
    """

    def paired(kind: str | None) -> Result:
        rows = slice(None) if kind is None else [list(KINDS).index(kind)]
        gaps = other.robustness.corrupted[rows].mean(axis=(0, 1)) - one.robustness.corrupted[rows].mean(axis=(0, 1))
        half = simultaneous_z(1 if kind is None else len(KINDS)) * float(gaps.std(ddof=1)) / np.sqrt(len(gaps))
        mean = float(gaps.mean())
        return {"kind": kind, "difference": mean, "interval": [mean - half, mean + half]}

    return {"mean": paired(None), "kinds": [paired(kind) for kind in KINDS]}


def measure_all(folders: list[Path], *, everything: bool) -> Result:
    """Measure all runs, and the difference of each to the first one on the same dataset."""
    measured = []
    for folder in folders:
        measured.append(measure(folder, everything=everything))
        print(folder.name, measured[-1][1], f"{measured[-1][1].seconds:.0f} s", flush=True)
    first = measured[0]
    differences = [
        {"from": 0, "to": number, **difference(first[1], found)}
        for number, (result, found) in enumerate(measured)
        if number and result["fingerprint"] == first[0]["fingerprint"]
    ]
    return {
        **measured_with(),
        "everything": everything, "runs": [result for result, _ in measured], "differences": differences,
    }  # fmt: skip


def name(run: Result) -> str:
    """Return the heading of a column."""
    return f"`{run['model']}`, `{run['recipe']}`"


def with_interval(share: Result, key: str = "accuracy") -> str:
    """Return a percentage with its interval, such as ``75.2 (72.4–77.8)``."""
    low, high = share["interval"]
    return f"{percent(share[key])} ({percent(low)}–{percent(high)})"


def corruption_table(measured: list[Result]) -> str:
    """Return a table of mean accuracy over the strengths, per kind and over all kinds."""
    rows = [[kind["title"], *(with_interval(run["robustness"]["kinds"][row]) for run in measured)]
            for row, kind in enumerate(measured[0]["robustness"]["kinds"])]  # fmt: skip
    rows.append(["**all kinds**", *(f"**{with_interval(run['robustness']['mean'])}**" for run in measured)])
    rows.append(["uncorrupted", *(with_interval(run["robustness"]["clean"]) for run in measured)])
    return table(["accuracy %, mean of five strengths", *map(name, measured)], rows)


def strength_table(run: Result) -> str:
    """Return a table of accuracy per kind and strength of one run."""
    rows = [
        [kind["title"], *(percent(cell["accuracy"]) for cell in kind["strengths"])] for kind in run["robustness"]["kinds"]
    ]
    return table(["accuracy % at strength", "1", "2", "3", "4", "5"], rows)


def difference_text(results: Result, entry: Result) -> str:
    """Describe where the second run is significantly more and less accurate than the first."""
    one, other = (results["runs"][entry[end]] for end in ("from", "to"))
    points = {row["kind"]: (100 * row["difference"], [100 * end for end in row["interval"]]) for row in entry["kinds"]}
    better = sorted((kind for kind in points if points[kind][1][0] > 0), key=lambda kind: -points[kind][0])
    worse = sorted((kind for kind in points if points[kind][1][1] < 0), key=lambda kind: points[kind][0])

    def listed(kinds: list[str]) -> str:
        named = (f"{kind.replace('_', ' ')} ({points[kind][0]:+.1f}, {points[kind][1][0]:+.1f} to {points[kind][1][1]:+.1f})"
                 for kind in kinds)  # fmt: skip
        return ", ".join(named) or "none"

    mean, (low, high) = 100 * entry["mean"]["difference"], (100 * end for end in entry["mean"]["interval"])
    open_kinds = [kind for kind in points if kind not in better + worse]
    return (
        f"**{name(other)} minus {name(one)}**, these two networks on the same images: {mean:+.1f} points over all kinds (95% CI "
        f"{low:+.1f} to {high:+.1f}). By kind, with 95% CIs that are corrected for {len(points)} kinds:\n\n"
        f"- Significantly more accurate: {listed(better)}.\n- Significantly less accurate: {listed(worse)}.\n"
        f"- No difference shown: {listed(open_kinds)}."
    )


def attack_table(measured: list[Result]) -> str:
    """Return a table of accuracy under FGSM and PGD per ε."""
    attacked = [run for run in measured if run["attacks"]]
    head = ["accuracy % at ε", *(f"{name(run)}: {kind}" for run in attacked for kind in ("FGSM", "PGD"))]
    rows = [[f"{epsilon:.3f}", *(with_interval(run["attacks"][kind][row]) for run in attacked for kind in ("fgsm", "pgd"))]
            for row, epsilon in enumerate(attacked[0]["attacks"]["epsilons"])]  # fmt: skip
    return table(head, rows)


TEXT = """# Robustness

`benchmarks/robustness.py` generated this document from measurements. `convscope evaluate RUN --thorough` measures the same for
any run and adds it to its page.

{conditions}. Data: {dataset}; a stratified sample of {n} of the {test_images} test images, the same for every network, which
convscope {version} trained. Intervals are 95% CIs over images, for one seed per network; they do not cover other seeds.
{seconds}

## Corruptions

The fifteen kinds of [MNIST-C](https://arxiv.org/abs/1906.02337) at five strengths, in our own implementation. Strength 3 (for fog,
strength 5) is close to the published one, so results on the published images are similar but not identical.

{corruptions}

{differences}

{strengths}

## Effect of augmentation

{augmentation}

## Attacks

White-box attacks on {attacked} images change every pixel (0 to 1) by at most ε: FGSM in one step, PGD in {steps} steps from a
random start. Stronger attacks may reduce the accuracy further.

{attacks}

## Out-of-distribution images

{ood}
"""


def seconds_text(measured: list[Result]) -> str:
    """Describe how long each run took, and the cost of its network for each of about 110,000 images."""
    taken = [
        f"{run['cpu_seconds']:.0f} s for {name(run)}"
        + (f" ({run['multiply_adds'] / 1e6:.1f} million multiply-adds per image)" if "multiply_adds" in run else "")
        for run in measured
    ]
    return f"Measuring all of this and rebuilding the run's page took {' and '.join(taken)} of processor time."


def page(results: Result, augmented: Result | None) -> str:
    """Return the text of `docs/robustness.md`."""
    measured = results["runs"]
    first = measured[0]
    strengths = "\n\n".join(
        f"### {name(run)} by strength\n\n{corruption_robustness({'metrics': run})}\n\n{strength_table(run)}"
        for run in measured
    )
    attacked, ood = [run for run in measured if run["attacks"]], out_of_distribution.load()
    return TEXT.format(
        conditions=conditions(results), version=results["versions"]["convscope"], seconds=seconds_text(measured),
        augmentation=augmentation.section(augmented),
        dataset=first["dataset"], n=f"{first['robustness']['n']:,}", test_images=f"{first['robustness']['test_images']:,}",
        corruptions=corruption_table(measured), strengths=strengths,
        differences="\n\n".join(difference_text(results, entry) for entry in results["differences"]),
        attacked=f"{attacked[0]['attacks']['n']:,}" if attacked else 0, steps=attacked[0]["attacks"]["steps"] if attacked else 0,
        attacks=attack_table(measured) if attacked else "Not measured.",
        ood=out_of_distribution.section(ood) if ood else "Not measured.",
    ).replace("\n\n\n\n", "\n\n")  # fmt: skip


def write_page(arguments: argparse.Namespace) -> None:
    """Regenerate the document from the saved results."""
    if arguments.results.is_file():
        write_text(arguments.page, page(json.loads(arguments.results.read_text("utf-8")), augmentation.load()))


def main() -> None:
    """Measure and regenerate the document."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", nargs="+", type=Path, metavar="DIR")
    parser.add_argument("--everything", action="store_true", help="use all test images instead of a sample")
    parser.add_argument("--augmentation", action="store_true", help="measure only the effect of augmentation")
    parser.add_argument("--seeds", type=int, default=5, help="number of seeds for --augmentation")
    parser.add_argument("--table", action="store_true", help="only regenerate the document")
    parser.add_argument("--results", type=Path, default=RESULTS)
    parser.add_argument("--page", type=Path, default=PAGE)
    arguments = parser.parse_args()
    if arguments.augmentation:
        augmentation.measure_all(arguments.seeds)
    elif not arguments.table:
        folders = arguments.runs or [trained(recipe, model) for recipe, model in PLAN.items()]
        arguments.results.parent.mkdir(exist_ok=True)
        write_json(arguments.results, measure_all(folders, everything=arguments.everything))
    write_page(arguments)


if __name__ == "__main__":
    main()
