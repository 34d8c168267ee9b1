"""What corrupted images, attacks and strangers do to trained networks, and what augmentation changes in it.

    python benchmarks/robustness.py [--runs DIR…] [--everything]
    python benchmarks/robustness.py --augmentation [--seeds 5]
    python benchmarks/robustness.py --table

The first measures finished runs, all on the same images in the same corruptions, and keeps the numbers in
`benchmarks/results/robustness.json` (and in the runs). Without ``--runs`` it trains `standard` and `best`, which differ in
augmentation and length, and `strong`, into `runs/robustness-…`, unless they are there already: some twelve minutes. The second
trains `cnn` with `standard` in three augmentations that differ in nothing else, from several seeds, and keeps what each makes of
the same images in `benchmarks/results/augmentation.json` as soon as it is there: what was stopped goes on where it was. The third
writes `docs/robustness.md` from the kept numbers, as the others do at their end; none in it is written by hand.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

import convscope
from convscope.analysis.robustness.corruptions.kinds import KINDS
from convscope.analysis.statistics.proportions import Z_95
from convscope.api.examine import RobustnessReport
from convscope.runs import files, store
from convscope.system.files import write_json, write_text
from convscope.system.hardware import describe_machine, package_versions

sys.path.insert(0, str(Path(__file__).parent))
import augmentation
from markdown_parts import conditions, percent, table

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "benchmarks" / "results" / "robustness.json"
PAGE = ROOT / "docs" / "robustness.md"
PLAN = {"standard": "cnn", "best": "cnn", "strong": "strong"}
"""Recipe and network of the runs that are trained where none are named."""
Result = dict[str, Any]


def trained(recipe: str, model: str) -> Path:
    """The folder of a run of seed 0 on MNIST, trained now where it is not there yet."""
    folder = ROOT / "runs" / f"robustness-{recipe}"
    if not (folder / files.MANIFEST).is_file():
        convscope.train("mnist", model=model, recipe=recipe, seed=0, out=folder)
    return folder


def measure(folder: Path, *, everything: bool) -> tuple[Result, RobustnessReport]:
    """One run: what it is, and its three sections of the metrics."""
    found = convscope.examine(folder, everything=everything)
    request = store.load_record(folder).request
    test = found.metrics["test"]
    result = {
        "model": request["model"], "recipe": request["recipe"], "seed": request["seed"],
        "dataset": request["dataset"]["name"], "fingerprint": request["dataset"]["fingerprint"],
        "augmentation": request["augmentation"], "parameters": found.metrics["parameters"],
        "multiply_adds": found.metrics["multiply_adds"],
        "test": {key: test[key] for key in ("n", "errors", "accuracy", "interval")},
        "seconds": found.seconds,
        **{name: found.metrics[name] for name in ("robustness", "ood", "attacks")},
    }  # fmt: skip
    return result, found


def difference(one: RobustnessReport, other: RobustnessReport) -> Result:
    """In accuracy, other less one, image by image: per kind and over all, each with the normal interval of a paired mean."""

    def paired(kind: str | None) -> Result:
        rows = slice(None) if kind is None else [list(KINDS).index(kind)]
        gaps = other.robustness.corrupted[rows].mean(axis=(0, 1)) - one.robustness.corrupted[rows].mean(axis=(0, 1))
        half = Z_95 * float(gaps.std(ddof=1)) / np.sqrt(len(gaps))
        mean = float(gaps.mean())
        return {"kind": kind, "difference": mean, "interval": [mean - half, mean + half]}

    return {"mean": paired(None), "kinds": [paired(kind) for kind in KINDS]}


def measure_all(folders: list[Path], *, everything: bool) -> Result:
    """All runs, and how each differs from the first where it was shown the same images."""
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
        "machine": describe_machine(), "versions": package_versions(), "date": time.strftime("%Y-%m-%d"),
        "everything": everything, "runs": [result for result, _ in measured], "differences": differences,
    }  # fmt: skip


def name(run: Result) -> str:
    """For the head of a column."""
    return f"`{run['model']}`, `{run['recipe']}`"


def with_interval(share: Result, key: str = "accuracy") -> str:
    """``75.2 (72.4–77.8)``"""
    low, high = share["interval"]
    return f"{percent(share[key])} ({percent(low)}–{percent(high)})"


def corruption_table(measured: list[Result]) -> str:
    """Mean over the strengths per kind and run, and last over all kinds."""
    rows = [[kind["title"], *(with_interval(run["robustness"]["kinds"][row]) for run in measured)]
            for row, kind in enumerate(measured[0]["robustness"]["kinds"])]  # fmt: skip
    rows.append(["**all kinds**", *(f"**{with_interval(run['robustness']['mean'])}**" for run in measured)])
    rows.append(["as they are", *(with_interval(run["robustness"]["clean"]) for run in measured)])
    return table(["accuracy % over five strengths", *map(name, measured)], rows)


def strength_table(run: Result) -> str:
    """Every cell of one run."""
    rows = [
        [kind["title"], *(percent(cell["accuracy"]) for cell in kind["strengths"])] for kind in run["robustness"]["kinds"]
    ]
    return table(["accuracy %", "1", "2", "3", "4", "5"], rows)


def difference_text(results: Result, entry: Result) -> str:
    """What the second run does better and worse than the first, beyond chance; one sentence each."""
    one, other = (results["runs"][entry[end]] for end in ("from", "to"))
    points = {row["kind"]: (100 * row["difference"], [100 * end for end in row["interval"]]) for row in entry["kinds"]}
    better = sorted((kind for kind in points if points[kind][1][0] > 0), key=lambda kind: -points[kind][0])
    worse = sorted((kind for kind in points if points[kind][1][1] < 0), key=lambda kind: points[kind][0])

    def listed(kinds: list[str]) -> str:
        named = (f"{kind.replace('_', ' ')} ({points[kind][0]:+.1f}, {points[kind][1][0]:+.1f} to {points[kind][1][1]:+.1f})"
                 for kind in kinds)  # fmt: skip
        return ", ".join(named) or "none"

    mean, (low, high) = 100 * entry["mean"]["difference"], (100 * end for end in entry["mean"]["interval"])
    return (
        f"**{name(other)} less {name(one)}**: {mean:+.1f} points over all kinds ({low:+.1f} to {high:+.1f}).\n"
        f"Better beyond chance: {listed(better)}.\nWorse beyond chance: {listed(worse)}."
    )


def attack_table(measured: list[Result]) -> str:
    """Accuracy under PGD, and under FGSM, per ε."""
    attacked = [run for run in measured if run["attacks"]]
    head = ["ε", *(f"{name(run)}: {kind}" for run in attacked for kind in ("FGSM", "PGD"))]
    rows = [[f"{epsilon:.3f}", *(with_interval(run["attacks"][kind][row]) for run in attacked for kind in ("fgsm", "pgd"))]
            for row, epsilon in enumerate(attacked[0]["attacks"]["epsilons"])]  # fmt: skip
    return table(head, rows)


def stranger_table(measured: list[Result]) -> str:
    """Area under the ROC curve by distance and by confidence, and the share that is noticed."""
    strange = [run for run in measured if run["ood"]]
    head = ["images of", *(f"{name(run)}: {what}" for run in strange for what in ("distance", "confidence", "noticed %"))]
    rows = []
    for row, each in enumerate(strange[0]["ood"]["sets"]):
        cells = [run["ood"]["sets"][row] for run in strange]
        rows.append([each["title"], *(text for cell in cells for text in (
            f"{cell['distance']['value']:.3f} ({cell['distance']['interval'][0]:.3f}–{cell['distance']['interval'][1]:.3f})",
            f"{cell['confidence']['value']:.3f}", percent(cell["detection_rate"]["value"])))])  # fmt: skip
    return table(head, rows)


TEXT = """# Robustness

Made by `benchmarks/robustness.py`; no number here is written by hand. `convscope evaluate RUN --thorough` measures the same of
any run and puts it into its page.

{conditions}. Data: {dataset}; {n} of {test_images} test images, drawn in proportion to the classes, the same for every network.
Intervals hold with 95% confidence. One seed of each: how networks of other seeds would differ is not in them. `strong` trained
for 24 epochs then, and trains for 36 since.
{seconds}

## Corruptions

The fifteen kinds of [MNIST-C](https://arxiv.org/abs/1906.02337) in an implementation of our own, in five strengths, of which the
third is near the published one, and of fog the fifth; so numbers measured on the published images are near these and not the same.

{corruptions}

{differences}

{strengths}

## What augmentation changes

{augmentation}

## Attacks

Every pixel may change by at most ε, of 0 to 1, in white-box attacks on {attacked} images: FGSM in one step, PGD in {steps} from a
random start. A stronger attack may leave less.

{attacks}

## Strangers

Images of nothing that the networks know, {strange} of each kind. The area under the ROC curve, by the distance in the last hidden
layer and by the confidence of the answer, is the chance that a strange image scores higher than a test image: 0.5 is guessing. The
last column is the share that lies beyond the run's own threshold, beyond which at most about one in a hundred known images lies.

{strangers}
"""


def seconds_text(measured: list[Result]) -> str:
    """How long each examination took, and how much its network has to do for each of some 110,000 images."""
    taken = [
        f"{run['seconds']:.0f} s for {name(run)}"
        + (f" ({run['multiply_adds'] / 1e6:.1f} million multiply-adds an image)" if "multiply_adds" in run else "")
        for run in measured
    ]
    return f"An examination with all that is on this page, the run's own page included, took {', '.join(taken)}."


def page(results: Result, augmented: Result | None) -> str:
    """`docs/robustness.md`."""
    measured = results["runs"]
    first = measured[0]
    strengths = "\n\n".join(f"### {name(run)}, strength by strength\n\n{strength_table(run)}" for run in measured)
    attacked, strange = ([run for run in measured if run[key]] for key in ("attacks", "ood"))
    return TEXT.format(
        conditions=conditions(results), seconds=seconds_text(measured), augmentation=augmentation.part(augmented),
        dataset=first["dataset"], n=f"{first['robustness']['n']:,}", test_images=f"{first['robustness']['test_images']:,}",
        corruptions=corruption_table(measured), strengths=strengths,
        differences="\n\n".join(difference_text(results, entry) for entry in results["differences"]),
        attacked=f"{attacked[0]['attacks']['n']:,}" if attacked else 0, steps=attacked[0]["attacks"]["steps"] if attacked else 0,
        attacks=attack_table(measured) if attacked else "Not measured.",
        strange=f"{strange[0]['ood']['sets'][0]['n']:,}" if strange else 0,
        strangers=stranger_table(measured) if strange else "Not measured.",
    ).replace("\n\n\n\n", "\n\n")  # fmt: skip


def write_page(arguments: argparse.Namespace) -> None:
    """From what is kept."""
    if arguments.results.is_file():
        write_text(arguments.page, page(json.loads(arguments.results.read_text("utf-8")), augmentation.load()))


def main() -> None:
    """Measure, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", nargs="+", type=Path, metavar="DIR")
    parser.add_argument("--everything", action="store_true", help="all test images, in place of a sample")
    parser.add_argument("--augmentation", action="store_true", help="measure what augmentation changes, and nothing else")
    parser.add_argument("--seeds", type=int, default=5, help="with --augmentation: how many of each")
    parser.add_argument("--table", action="store_true", help="write the page and measure nothing")
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
