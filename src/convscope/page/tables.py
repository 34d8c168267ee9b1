"""The page's tables as rows of text, so that the template only places them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..run_files import DESCRIPTIONS, FIGURES, OPTIONAL
from ..training.augmentation import in_words
from .facts import Page, an_image_of, validates_on_test
from .formats import counted, duration, joined, memory, minute, percent, rate, sides, whole

BYTES_PER_PARAMETER = 4
OPTIMISERS = {"adam": "Adam", "adamw": "AdamW"}
MATRIX_SIDE = 64
"""A larger image is printed in part: its matrix would be longer than the rest of the page."""
SHADES = 9
"""Steps from nothing to 255 in the printed matrix."""
FILES = {f"{name}/" if name == FIGURES else name: text for name, text in DESCRIPTIONS.items() if name not in OPTIONAL}
"""The files of every complete run, and what is in them."""


@dataclass(frozen=True)
class LayerLine:
    """One line of the model's summary."""

    name: str
    kind: str
    shape: str
    parameters: str
    parameter_sum: str
    multiply_adds: str
    receptive_field: str
    parameter_share: float
    """0..1, of all layers."""
    work_share: float


def layer_lines(page: Page) -> list[LayerLine]:
    """Keras' ``summary()``, and what else a layer costs."""
    metrics = page["metrics"]
    return [
        LayerLine(
            layer["name"],
            layer["kind"],
            f"(None, {', '.join(map(str, layer['output_shape']))})",
            whole(layer["num_parameters"]),
            layer["parameter_sum"],
            whole(layer["multiply_adds"]),
            _reach(layer["receptive_field"]),
            _share(layer["num_parameters"], metrics["parameters"]),
            _share(layer["multiply_adds"], metrics["multiply_adds"]),
        )
        for layer in metrics["layers"]
    ]


def totals(page: Page) -> list[tuple[str, str]]:
    """The last lines of Keras' ``summary()``."""
    total, fixed = page["metrics"]["parameters"], page["network"]["non_trainable"]
    numbers = {"Total": total, "Trainable": total - fixed, "Non-trainable": fixed}
    return [
        (f"{what} parameters", f"{whole(number)} ({memory(number * BYTES_PER_PARAMETER)})")
        for what, number in numbers.items()
    ]


def split_lines(page: Page) -> list[tuple[str, str, str]]:
    """Name, number of images and purpose of each split."""
    data = page["metrics"]["data"]
    if validates_on_test(page):
        validation = "measured on after every epoch: the test split itself, as in the original notebook"
    else:
        validation = "held out of the training images, measured on after every epoch"
    return [
        ("training", whole(data["train"]), "the weights are fitted to these"),
        ("validation", whole(data["validation"]), validation),
        ("test", whole(data["test"]), f"the result is measured on these, after the training{_read(page)}"),
    ]


def _read(page: Page) -> str:
    times = sum(page["readings"].values())
    return f"; {'read once' if times == 1 else f'read {times:,} times'} so far" if times else ""


def settings(page: Page) -> list[tuple[str, str]]:
    """How it was trained, as terms and what they were."""
    run, data = page["run"], page["metrics"]["data"]
    config = run["config"]
    batch = run.get("batch_size", config["batch_size"])
    steps = data["train"] // batch if config["drop_remainder"] else -(-data["train"] // batch)
    return [
        ("optimiser", _optimiser(config)),
        ("learning rate", schedule(config)),
        ("loss", _loss(config)),
        ("batch size", f"{counted(batch, 'image')}, {counted(steps, 'step')} per epoch"),
        ("epochs", _epochs(page)),
        ("augmentation", _augmentation(page)),
        *_normalised(config),
        ("validation", "the test split, as the original notebook has it" if validates_on_test(page) else
                       f"{whole(data['validation'])} images held out of the training split, stratified by class"),
        ("precision", run.get("precision", config["precision"]).replace("_", " ")),
        ("time", f"{duration(page['metrics']['train_seconds'])} on {_computed_on(run)}"),
    ]  # fmt: skip


def accelerators(run: Mapping[str, Any]) -> list[str]:
    """The GPUs that computed, several of a kind counted; none in runs of earlier versions, which did not record them."""
    names = run.get("accelerators", [])
    return [f"{names.count(name)} × {name}" if names.count(name) > 1 else name for name in dict.fromkeys(names)]


def _computed_on(run: Mapping[str, Any]) -> str:
    machine = run["machine"]
    return joined(accelerators(run)) or f"{counted(machine['cores'], 'core')} of {machine['processor']}"


def environment(page: Page) -> list[tuple[str, str]]:
    """Seed, versions, machine and data: what decides whether the same comes out."""
    run, machine = page["run"], page["run"]["machine"]
    return [
        ("seed", str(run["seed"])),
        ("versions", joined([f"{package} {version}" for package, version in run["versions"].items()])),
        (
            "machine",
            ", ".join([*accelerators(run), machine["processor"], counted(machine["cores"], "core"), machine["system"]]),
        ),
        (
            "time",
            f"{duration(page['metrics']['train_seconds'])} of training, {duration(page['metrics']['wall_seconds'])} in all",
        ),
        ("made", minute(run["created"])),
        ("data", f"{page['dataset']['source']}, SHA-256 {page['dataset']['fingerprint']}"),
    ]


def schedule(config: Mapping[str, Any]) -> str:
    """The learning rate over the steps."""
    peak = rate(config["learning_rate"])
    if config["schedule"] == "constant":
        return f"{peak}, constant"
    return f"one cycle: from 0 up to {peak} in the first {percent(config['warm_up'], 0)} of the steps, then down to 0"


def matrix(page: Page) -> list[list[tuple[int, int]]]:
    """The first image's first channel as (grey level, shade) per pixel, at most ``MATRIX_SIDE`` of them each way."""
    rows = page["first_image"]["pixels"][:MATRIX_SIDE]
    return [[(pixel[0], -(-pixel[0] * SHADES // 255)) for pixel in row[:MATRIX_SIDE]] for row in rows]


def matrix_title(page: Page) -> str:
    """What the printed matrix is."""
    channels = page["dataset"]["image_shape"][2]
    values = {1: "grey levels", 3: "red values"}.get(channels, "first channel")
    return (
        f"The {values} of the first training image, {an_image_of(page['first_image']['class_name'])}, as the data have them"
    )


def matrix_note(page: Page) -> str:
    """What of the image the matrix leaves out."""
    height, width, channels = page["dataset"]["image_shape"]
    parts = []
    if max(height, width) > MATRIX_SIDE:
        shown = sides((min(height, MATRIX_SIDE), min(width, MATRIX_SIDE)))
        parts.append(f"the top left {shown} of {sides((height, width))} pixels")
    if channels > 1:
        parts.append(f"the first of its {channels} channels")
    return f"Printed: {joined(parts)}." if parts else ""


def _optimiser(config: Mapping[str, Any]) -> str:
    decay = f", weight decay {config['weight_decay']:g}" if config["weight_decay"] else ""
    return f"{OPTIMISERS[config['optimizer']]}, β₁ {config['beta_1']}, β₂ {config['beta_2']}{decay}"


def _loss(config: Mapping[str, Any]) -> str:
    smoothing = f", labels smoothed by {config['label_smoothing']:g}" if config["label_smoothing"] else ""
    return f"sparse categorical cross-entropy{smoothing}"


def _normalised(config: Mapping[str, Any]) -> list[tuple[str, str]]:
    if not config["batch_normalization"]:
        return []
    return [("while training", "hidden layers were normalised by batches; at the end that was folded into their weights")]


def _epochs(page: Page) -> str:
    asked, done = page["run"]["config"]["epochs"], page["metrics"]["epochs"]
    return f"{done} of {asked}: it was stopped early" if page["run"].get("stopped_early") else str(done)


def _augmentation(page: Page) -> str:
    words = in_words(page["run"]["augmentation"])
    return f"each training image is changed at random in each epoch: {words}" if words else "none"


def _reach(field: Mapping[str, Sequence[int]] | None) -> str:
    return "whole image" if field is None else f"{sides(field['size'])}, every {field['jump'][0]}"


def _share(part: int, total: int) -> float:
    return part / total if total else 0.0
