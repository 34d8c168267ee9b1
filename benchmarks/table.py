"""Generate `docs/benchmarks.md`, the tables of README and `docs/scaling.md`, and the numbers in the recipes' docstrings.

python benchmarks/table.py
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from statistics import mean, median, stdev
from typing import Any

from markdown_parts import replaced

from convscope.formatting import count_of
from convscope.training.recipes import RECIPES as RECIPES_NOW

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "benchmarks" / "results"
SHOWN = ("python", "numpy", "onnxruntime", "tensorflow-cpu", "keras")
SHOWN_OF_JAX = ("python", "jax", "keras", "numpy")
RECIPES = ("sprint", "standard", "best", "strong", "notebook")
TARGETS = {"sprint": (99.10, 1 / 20), "standard": (99.45, 1 / 8), "best": (99.60, 1 / 2), "strong": (99.72, None)}
"""Targets: accuracy in percent, and the time of the command relative to the original's."""
Result = dict[str, Any]


def load(name: str) -> Result:
    """Return one file of results."""
    found: Result = json.loads((RESULTS / f"{name}.json").read_text("utf-8"))
    return found


def conditions(results: Result) -> str:
    """Return machine, versions and date of one file."""
    machine, versions = results["machine"], results["versions"]
    named = ", ".join(f"{name} {versions[name]}" for name in SHOWN if name in versions)
    return f"{machine['processor']}, {count_of(machine['cores'], 'core')}, {machine['system']}; {named}; {results['date']}"


def gpu_text(results: Result) -> str:
    """Return the section on accuracy and time on a GPU."""
    lines = [
        "| recipe | accuracy on the test split (mean ± sd) | seeds | seconds of one training |",
        "| --- | --- | ---: | ---: |",
    ]
    for recipe, found in results["recipes"].items():
        accuracies = spread([100 * run["accuracy"] for run in found["runs"]])
        seconds = median(run["train_seconds"] for run in found["runs"])
        was = changed(found["settings"], recipe)
        name = f"`{recipe}` with earlier settings ({was})" if was else f"`{recipe}`"
        lines.append(f"| {name} | {accuracies}% | {len(found['runs'])} | {seconds:.1f} |")
    made = next(iter(results["recipes"].values()))
    versions = ", ".join(f"{name} {made['versions'][name]}" for name in SHOWN_OF_JAX)
    devices = ", ".join(dict.fromkeys(made["runs"][0]["accelerators"]))
    return ON_A_GPU.format(table="\n".join(lines), conditions=f"{devices}; {versions}; {made['date']}")


def changed(settings: Result, recipe: str) -> str:
    """Return the settings that a recipe has changed since, with their earlier values."""
    now = json.loads(json.dumps(RECIPES_NOW[recipe]().as_dict()))
    # Kinds of augmentation that are newer than a result were not used for it.
    earlier = {**settings, "augmentation": {**now["augmentation"], **settings.get("augmentation", now["augmentation"])}}
    return ", ".join(f"{name.replace('_', ' ')} {settings[name]}" for name in settings if now.get(name) != earlier[name])


def accuracy_conditions(accuracy: Result) -> str:
    """Return machine and versions, grouped by recipes that share them."""
    recipes: dict[str, list[str]] = {}
    for recipe, found in accuracy["recipes"].items():
        recipes.setdefault(conditions(found), []).append(f"`{recipe}`")
    return ". ".join(f"{', '.join(names)}: {text}" for text, names in recipes.items())


def runs_of(recipe: str, accuracy: Result, commands: Result) -> list[Result]:
    """Return the runs of a recipe; for `notebook`, which has no target, those of the timed commands."""
    known = accuracy["recipes"].get(recipe)
    found: list[Result] = known["runs"] if known else commands["runs"][option(recipe)]
    return found


def spread(values: list[float], digits: int = 2) -> str:
    """Return mean ± sd."""
    return f"{mean(values):.{digits}f}" + (f" ± {stdev(values):.{digits}f}" if len(values) > 1 else "")


def option(recipe: str) -> str:
    """Return the name of a recipe in the results of `commands.py`."""
    return f"--recipe {recipe}" + (" --model strong" if recipe == "strong" else "") + " --no-report"


def ratio(runs: list[Result], original: list[Result]) -> float:
    """Return the median ratio of a command's time to that of the original, or of another reference, in the same round."""
    seconds = [run.get("reference_seconds", base["wall_seconds"]) for run, base in zip(runs, original, strict=False)]
    return median(run["wall_seconds"] / base for run, base in zip(runs, seconds, strict=False))


def footnote(commands: Result) -> str:
    """Return a note if commands ran in a round without the original."""
    if not any("reference_seconds" in run for runs in commands["runs"].values() for run in runs):
        return ""
    return (
        f"\n`notebook`, `best` and `strong` ran in another round, without the original: {conditions(commands['other_round'])}.\n"
        "Their ratios are to `notebook` there, which does the same work as the original script."
    )


def recipe_rows(accuracy: Result, commands: Result) -> list[str]:
    """Return the lines of the table of recipes."""
    original = commands["runs"]["original script"]
    seconds = median(run["wall_seconds"] for run in original)
    accuracies = spread([100 * run["accuracy"] for run in original])
    rows = [f"| original script | `cnn` | {accuracies}% | {len(original)} | {seconds:.0f} | 1 | |"]
    for recipe in RECIPES:
        runs, timed = runs_of(recipe, accuracy, commands), commands["runs"][option(recipe)]
        target = f"{TARGETS[recipe][0]:.2f}%" if recipe in TARGETS else ""
        if recipe in TARGETS and TARGETS[recipe][1]:
            target += f", {TARGETS[recipe][1]:.3g} ×"
        elif recipe == "strong":
            target += ", 4 minutes"
        rows.append(
            f"| `{recipe}` | `{'strong' if recipe == 'strong' else 'cnn'}` | {spread([100 * run['accuracy'] for run in runs])}% | "
            f"{len(runs)} | {median(run['wall_seconds'] for run in timed):.1f} | {ratio(timed, original):.3f} | {target} |"
        )
    return rows


def recipe_table(accuracy: Result, commands: Result) -> str:
    """Return the table of recipes."""
    head = (
        "| recipe | network | accuracy on the test split (mean ± sd) | seeds | whole command without the page, s "
        "| vs. original | target |\n"
        "| --- | --- | --- | --- | --- | --- | --- |\n"
    )
    return head + "\n".join(recipe_rows(accuracy, commands))


def seeds_table(accuracy: Result, commands: Result) -> str:
    """Return a table of the errors of every seed."""
    lines = ["| recipe | errors among 10,000, by seed |", "| --- | --- |"]
    for recipe in RECIPES:
        errors = [round(10_000 * (1 - run["accuracy"])) for run in runs_of(recipe, accuracy, commands)]
        lines.append(f"| `{recipe}` | {', '.join(map(str, errors))} |")
    return "\n".join(lines)


def rivals_table(rivals: Result) -> str:
    """Return a table: time to 99.03%, and accuracy in the time that `sprint` and `standard` take."""
    ends = {name: median(run[-1]["seconds"] for run in runs) for name, runs in rivals["runs"].items() if "convscope" in name}
    limits = list(ends.values())
    lines = [
        "| method | seconds to 99.03% | "
        + " | ".join(f"accuracy after {limit:.0f} s" for limit in limits)
        + " | s per epoch |",
        "| --- | --- | " + "--- | " * len(limits) + "--- |",
    ]
    for name, runs in rivals["runs"].items():
        if not all(runs):
            lines.append(f"| {name} | not installed | " + " | ".join("" for _ in limits) + " | |")
            continue
        epochs = runs[0]
        reached = next(
            (f"{step['seconds']:.0f}" for step in epochs if step["accuracy"] >= 0.9903),
            f"not in {epochs[-1]['seconds']:.0f}",
        )
        within = [[step["accuracy"] for step in epochs if step["seconds"] <= limit + 1e-6] for limit in limits]
        cells = [f"{100 * max(found):.2f}%" if found else "no epoch yet" for found in within]
        per_epoch = (epochs[-1]["seconds"] - epochs[0]["seconds"]) / (len(epochs) - 1) if len(epochs) > 1 else None
        lines.append(f"| {name} | {reached} | {' | '.join(cells)} | {'' if per_epoch is None else f'{per_epoch:.1f}'} |")
    return "\n".join(lines)


def machine_text(machine: Result) -> str:
    """Return a table of the machine's limits, predictions and start-up times."""
    speeds, limits = machine["gigaflop_per_second"], machine["epoch_limit_seconds"]
    lines = [
        "| measurement | value |", "| --- | --- |",
        *(f"| product of two 4096 × 4096 matrices in {kind} | {speeds[kind]:.0f} · 10⁹ operations/s |" for kind in speeds),
        *(f"| epoch of `cnn` at that speed, {kind} | {limits[kind]:.2f} s |" for kind in limits),
        f"| epoch of `standard`, validation included | {machine['epoch_seconds']:.2f} s |",
        f"| peak memory during training and report | {machine['train_peak_megabytes']:.0f} MB |",
        *(f"| 10,000 predictions, {name} | {seconds:.2f} s |" for name, seconds in machine["prediction_seconds"].items()),
        *(f"| `{name}`, whole process | {seconds:.2f} s |" for name, seconds in machine["command_seconds"].items()),
    ]  # fmt: skip
    return "\n".join(lines)


def scaling_table(scaling: Result) -> str:
    """Return a table of images, seconds and memory."""
    lines = [
        "| training images | file, MB | CPU seconds of one epoch | private memory of the process, MB |",
        "| --- | --- | --- | --- |",
    ]
    lines += [f"| {run['images']:,} | {run['file_megabytes']:.0f} | {run['processor_seconds']:.0f} | {run['own_megabytes']:.0f} |"
              for run in scaling["runs"]]  # fmt: skip
    return "\n".join(lines) + f"\n\nOne epoch of `sprint`. {conditions(scaling)}."


def page_text(page: Result) -> str:
    """Return the section on the page in a browser, with its budgets."""
    built = page["build_seconds"]
    rows = [
        (f"size with the weights of {page['epochs']} epochs", f"{page['page_bytes'] / 1e6:.2f} MB", "", "5 MB"),
        *((what, *milliseconds(page[key]), f"{budget:,} ms") for what, key, budget in IN_BROWSER),
        ("rendering from a record in memory, without figures", *seconds(built["page without figures"]), "3 s"),
        ("`convscope.report`, including figures", *seconds(built["report"]), "3 s"),
    ]
    lines = ["| measurement | median | 95th percentile | budget |", "| --- | --- | --- | --- |"]
    lines += ["| " + " | ".join(row) + " |" for row in rows]
    return PAGE_IN_BROWSER.format(
        table="\n".join(lines), dataset=page["dataset"], model=page["model"], rounds=page["rounds"], browser=page["browser"],
        load=page["load_before"], conditions=conditions(page),
    )  # fmt: skip


def engine_text(engine: Result) -> str:
    """Return the section on the native engine against the machine's product of matrices."""
    speeds = engine["product_gigaflop_per_second"]
    lines = ["| network | threads | seconds of an epoch | its arithmetic at the speed of a product, s | ratio |",
             "| --- | ---: | ---: | ---: | ---: |"]  # fmt: skip
    for name, by_threads in engine["epochs"].items():
        for threads, row in by_threads.items():
            cells = (
                f"`{name}`",
                threads,
                f"{min(row['seconds']):.2f}",
                f"{row['arithmetic_seconds']:.2f}",
                f"{row['ratio']:.2f}",
            )
            lines.append(f"| {' | '.join(cells)} |")
    growth = [
        f"- {variable}: {', '.join(f'{value}: {seconds:.3f} s' for value, seconds in row.items())}"
        for variable, row in engine["growth"].items()
    ]
    beside = engine["beside_busy_processes"]
    return ENGINE.format(
        table="\n".join(lines), growth="\n".join(growth), conditions=conditions(engine), images=engine["epoch_images"],
        batch=engine["batch_size"], speeds=", ".join(f"{speed:.0f}" for speed in speeds.values()), threads=len(speeds),
        alone=median(beside["alone"]), beside=median(beside["beside"]), ratio=beside["ratio"],
    )  # fmt: skip


def engines_table(engines: Result) -> str:
    """Return a table of the accuracies that both engines reach, by dataset."""
    lines = [
        f"| recipe `{engines['recipe']}` on | native engine | Keras on TensorFlow | seeds |",
        "| --- | --- | --- | ---: |",
    ]
    for name, by_engine in engines["runs"].items():
        cells = [f"{spread([100 * run['accuracy'] for run in by_engine[engine]])}%" for engine in ("native", "keras")]
        lines.append(f"| {name} | {' | '.join(cells)} | {len(by_engine['native'])} |")
    return "\n".join(lines) + f"\n\nThe photos are pieces of two photos. {conditions(engines)}."


def parts_text(parts: Result) -> str:
    """Return the section on the parts of two commands, with their budgets."""
    runs: dict[str, list[dict[str, float]]] = parts["runs"]
    names = list(next(iter(runs.values()))[0])
    rows = [(name, *(f"{median(run[name] for run in found):.2f}" for found in runs.values()), "") for name in names]
    whole = (f"{median(sum(run.values()) for run in found):.2f}" for found in runs.values())
    outside = (f"{median(found):.2f}" for found in parts["outside_imports_epochs_evaluation"].values())
    report = (f"{median(found):.2f}" for found in parts["report"].values())
    rows += [
        ("**the whole command**", *whole, ""),
        ("**all but imports, epochs, evaluation and report**", *outside, "1"),
        ("**report**: baseline, evidence, figures and page", *report, "5"),
    ]
    lines = [f"| seconds | {' | '.join(f'`{name}`' for name in runs)} | budget |", "| --- |" + " ---: |" * (len(runs) + 1)]
    lines += ["| " + " | ".join(row) + " |" for row in rows]
    rounds = len(next(iter(runs.values())))
    return PARTS.format(table="\n".join(lines), rounds=rounds, conditions=conditions(parts))


def photos_text(photos: Result) -> str:
    """Return the section on made photos, by kind."""
    rows = [(f"one digit, {row['kind']}", row) for row in photos["photos"]] + [("sheets of digits", photos["sheets"])]
    lines = ["| kind | right | of | share | 95% CI |", "| --- | ---: | ---: | ---: | --- |"]
    for name, row in rows:
        low, high = (100 * end for end in row["interval"])
        lines.append(
            f"| {name} | {row['right']} | {row['n']} | {100 * row['right'] / row['n']:.1f}% | {low:.1f}–{high:.1f}% |"
        )
    text = PHOTOS.format(recipe=photos["recipe"], table="\n".join(lines), conditions=conditions(photos))
    return text + drawings_text(photos["drawings"]) if "drawings" in photos else text


def drawings_text(drawings: Result) -> str:
    """Return the table of drawings from stroke skeletons, by recipe."""
    lines = ["| drawings | kind | of | `standard`, seeds 0–2 | `best`, seeds 0–2 |", "| --- | --- | ---: | ---: | ---: |"]
    for row in drawings["rows"]:
        counts = (", ".join(map(str, row["right"][recipe])) for recipe in ("standard", "best"))
        lines.append(f"| {row['source']} | {row['kind']} | {row['n']} | {' | '.join(counts)} |")
    return DRAWINGS.format(table="\n".join(lines), fonts=len(drawings["fonts"]), conditions=conditions(drawings))


def milliseconds(times: Result) -> tuple[str, str]:
    """Return median and 95th percentile, with one decimal below 100 ms."""
    digits = 1 if times["median"] < 100 else 0
    return f"{times['median']:,.{digits}f} ms", f"{times['p95']:,.{digits}f} ms"


def seconds(times: Result) -> tuple[str, str]:
    """Return median and 95th percentile."""
    return f"{times['median']:.2f} s", f"{times['p95']:.2f} s"


IN_BROWSER = (
    ("first paint, from `file://`", "first_paint_milliseconds", 300),
    ("until the network answers strokes", "live_milliseconds", 1000),
    ("until all of the page is live", "ready_milliseconds", 2000),
    ("one image through `convscope.run`, which copies all activations", "run_milliseconds", 3),
    ("from a stroke to all layers redrawn", "stroke_milliseconds", 8),
    ("until the network answers strokes, processor 4 times slower", "live_milliseconds_4x_slower", 3000),
    ("from a stroke to all layers redrawn, processor 4 times slower", "stroke_milliseconds_4x_slower", 33),
)
"""Measurement, its key in the results, and its budget in milliseconds."""
ENGINE = """
## The native engine

An epoch of {images:,} images in batches of {batch}, without augmentation, against the time that its multiplications and
additions would take at the speed of a float32 product of two matrices in NumPy: {speeds} · 10⁹ operations/s with 1 to
{threads} threads. Seconds are the fastest of several rounds.

{table}

How the time grows, with one thread:

{growth}

An epoch of `cnn` takes {alone:.2f} s alone. Beside as many busy processes as there are cores it takes {beside:.2f} s,
{ratio:.1f} times as long; an equal share of the cores would take twice as long.

{conditions}.
"""
PARTS = """
## Time by part

`train mnist --recipe sprint --no-report`, and `--recipe standard` with its report; medians of {rounds} alternating processes each.

{table}

{conditions}.
"""
ON_A_GPU = """
## On a GPU

Recipes with `--engine keras` and `KERAS_BACKEND=jax`, in float32, for which JAX lets a GPU multiply in TF32. Seconds are medians,
from building the first layer to the last weight update. Compiled steps are reused from seed to seed; a first training takes longer.

{table}

{conditions}.
"""
PHOTOS = """
## Photos of handwriting

Made, not taken: digits of MNIST's test split and of splines in equal parts, by `tests/handwriting.py`. The network is one run of
`{recipe}` on MNIST. A sheet with 2 to 12 digits counts if all are found, in reading order.

{table}

{conditions}.
"""
DRAWINGS = """
Drawn from stroke skeletons by `tests/drawn_digits.py`, independent of MNIST; strokes are 0.7 to 4.5 pixels wide where a digit is 20
high. The late styles (ball pen, chalk) and the {fonts} fonts had no part in the development. A drawing counts if all of it is read
without an error; “two digits” if two are found; turned sheets if a warning says so.

{table}

{conditions}.
"""
PAGE_IN_BROWSER = """
## The page

`{model}` on {dataset}, in {browser}; {rounds} rounds of loading and building, each with 200 images and a stroke of 120 frames.

{table}

Load average before: {load:.1f}. {conditions}.
"""
PAGE = """\
# Benchmarks

Generated by `make bench` from `benchmarks/results/`, which has the values of every run. The machines are shared with other work, so
times are accurate to about 20%; accuracies do not depend on the load.

## Recipes

{recipes}

"Whole command" is the median time of the process, including imports, evaluation and export, without the report. The original
script is `benchmarks/original.py`: the notebook's steps in plain Keras with default settings. Ratios are taken within a round, in
which the original and the commands run one after another.{footnote} Settings were chosen on validation images; test results of
finished recipes were seen, and once decided that the search went on
([log](../benchmarks/LOG.md#where-results-on-the-test-split-had-a-part)).
With its report, `standard` takes {report:.1f} s more, for the figures, the page and the dense
baseline{ann}.

{seeds}

Accuracies: {accuracy_conditions}. Seconds: {command_conditions}.

## Comparison with Keras, PyTorch and scikit-learn

Each trains the notebook's network with its own default settings, except scikit-learn's perceptron, which has one hidden layer of
128 units. Seconds count from the start of the process; one process each.

{rivals}

{rival_conditions}.

## Limits of the machine

{machine}

Training `cnn` on one image takes 4.36 · 10⁶ operations. {machine_conditions}.
"""


def made_on(results: Result) -> str:
    """Return the machine in short."""
    machine = results["machine"]
    return f"{machine['processor']}, {count_of(machine['cores'], 'core')}, native engine"


def promise(recipe: str, accuracy: Result, commands: Result) -> str:
    """Return the sentences in a recipe's docstring."""
    runs, timed = runs_of(recipe, accuracy, commands), commands["runs"][option(recipe)]
    measured = accuracy["recipes"].get(recipe, commands)
    clock = commands["other_round"] if "reference_seconds" in timed[0] else commands
    environments = [made_on(each) for each in (measured, clock)]
    accuracy_environment = "" if environments[0] == environments[1] else f" ({environments[0]})"
    return (
        f"MNIST: {spread([100 * run['accuracy'] for run in runs])}%, n = {len(runs)}{accuracy_environment}. "
        f"Time: {median(run['wall_seconds'] for run in timed):.1f} s, "
        f"{ratio(timed, commands['runs']['original script']):.3f} of the original notebook's ({environments[1]})."
    )


def make() -> dict[Path, str]:
    """Return the text of every generated file."""
    accuracy, commands, rivals, machine, scaling = map(load, ("accuracy", "commands", "rivals", "machine", "scaling"))
    table = recipe_table(accuracy, commands)
    with_report, without = (commands["runs"][name] for name in ("--recipe standard", option("standard")))
    # The epochs are the same in both commands, and their noise is larger than the difference.
    outside = [[run["wall_seconds"] - run["train_seconds"] for run in runs] for runs in (with_report, without)]
    more = median(a - b for a, b in zip(*outside, strict=True))
    anns = [100 * run["ann_accuracy"] for run in with_report if "ann_accuracy" in run]
    page = PAGE.format(
        recipes=table, footnote=footnote(commands), report=more, ann=f" ({spread(anns)}%, n = {len(anns)})" if anns else "",
        seeds=seeds_table(accuracy, commands),
        accuracy_conditions=accuracy_conditions(accuracy), command_conditions=conditions(commands),
        rivals=rivals_table(rivals), rival_conditions=conditions(rivals),
        machine=machine_text(machine), machine_conditions=conditions(machine),
    )  # fmt: skip
    if (RESULTS / "engine.json").is_file():
        page += engine_text(load("engine"))
    if (RESULTS / "engines.json").is_file():
        page += f"\nBoth engines, the same settings and seeds:\n\n{engines_table(load('engines'))}\n"
    if (RESULTS / "photos.json").is_file():
        page += photos_text(load("photos"))
    if (RESULTS / "parts.json").is_file():
        page += parts_text(load("parts"))
    if (RESULTS / "accuracy-gpu.json").is_file():
        page += gpu_text(load("accuracy-gpu"))
    if (RESULTS / "page.json").is_file():
        page += page_text(load("page"))
    others = "; the last three rows ran in another round" if footnote(commands) else ""
    where = "Versions, dates, columns and targets: [benchmarks](docs/benchmarks.md)."
    without_targets = re.sub(r" [^|]*\|$", "", table, flags=re.MULTILINE)
    readme = f"{without_targets}\n\n{made_on(commands)}{others}. {where}"
    recipes = ROOT / "src" / "convscope" / "training" / "recipes.py"
    source = recipes.read_text("utf-8")
    for recipe in RECIPES:
        pattern = rf'(def {recipe}\(\) -> TrainConfig:\n    """.*?)(\n\n    MNIST: [^"]*?)?(\n    )?"""'
        text = "\n    ".join(_wrapped(promise(recipe, accuracy, commands)))
        source = re.sub(
            pattern, lambda found, text=text: f'{found[1].rstrip()}\n\n    {text}\n    """', source, count=1, flags=re.DOTALL
        )
    return {
        ROOT / "docs" / "benchmarks.md": page,
        ROOT / "README.md": replaced(ROOT / "README.md", "benchmarks", readme),
        ROOT / "docs" / "scaling.md": replaced(ROOT / "docs" / "scaling.md", "benchmarks", scaling_table(scaling)),
        recipes: source,
    }


def _wrapped(text: str) -> list[str]:
    import textwrap

    return textwrap.wrap(text, 118)


def main() -> None:
    """Write all generated files."""
    for path, text in make().items():
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
