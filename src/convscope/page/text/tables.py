"""The page's tables as rows of text, which the templates only lay out."""

from collections.abc import Mapping, Sequence
from typing import Any

from ...formatting import join_words
from ...models.backend import NAMES
from ...runs.files import DESCRIPTIONS, FIGURES, OPTIONAL
from ...training.augmentation import in_words
from .nouns import Page, an_image_of, validates_on_test
from .numbers import counted, duration, memory, minute, percent, rate, sides, whole

BYTES_PER_PARAMETER = 4
OPTIMISERS = {"adam": "Adam", "adamw": "AdamW"}
MATRIX_SIDE = 64
"""Rows and columns of pixels that are printed; a larger image is cropped."""
SHADES = 9
"""Steps from nothing to 255 in the printed matrix."""
FILES = {f"{name}/" if name == FIGURES else name: text for name, text in DESCRIPTIONS.items() if name not in OPTIONAL}
"""The files of every complete run, and what is in them."""


def layer_lines(page: Page) -> list[dict[str, Any]]:
    """Return Keras' ``summary()``, with multiply-adds, receptive field, and the shares of each layer in all costs."""
    metrics = page["metrics"]
    return [
        {
            **layer,
            "shape": f"(None, {', '.join(map(str, layer['output_shape']))})",
            "parameters": whole(layer["num_parameters"]),
            "multiply_adds": whole(layer["multiply_adds"]),
            "receptive_field": _reach(layer["receptive_field"]),
            "parameter_share": _share(layer["num_parameters"], metrics["parameters"]),
            "work_share": _share(layer["multiply_adds"], metrics["multiply_adds"]),
        }
        for layer in metrics["layers"]
    ]


def totals(page: Page) -> list[tuple[str, str]]:
    """Return the totals of Keras' ``summary()``."""
    total, fixed = page["metrics"]["parameters"], page["network"]["non_trainable"]
    numbers = {"Total": total, "Trainable": total - fixed, "Non-trainable": fixed}
    return [
        (f"{what} parameters", f"{whole(number)} ({memory(number * BYTES_PER_PARAMETER)})")
        for what, number in numbers.items()
    ]


def split_lines(page: Page) -> list[tuple[str, str, str]]:
    """Return name, number of images and purpose of each split."""
    data = page["metrics"]["data"]
    if validates_on_test(page):
        validation = "evaluated after every epoch; this is the test split, as in the original notebook"
    else:
        validation = "held out of the training images; evaluated after every epoch"
    return [
        ("training", whole(data["train"]), "fits the weights"),
        ("validation", whole(data["validation"]), validation),
        ("test", whole(data["test"]), f"evaluated after training, for the result{_read(page)}"),
    ]


def _read(page: Page) -> str:
    times = sum(page["test_reads"].values())
    return f"; {'read once' if times == 1 else f'read {times:,} times'} so far" if times else ""


def settings(page: Page) -> list[tuple[str, str]]:
    """Return the settings of the training with their values."""
    run, data = page["run"], page["metrics"]["data"]
    config = run["config"]
    batch = run.get("batch_size", config["batch_size"])
    steps = run.get("steps_per_epoch", data["train"] // batch if config["drop_remainder"] else -(-data["train"] // batch))
    passes = round(steps * batch / max(data["train"], 1))
    often = f", each image {passes} times" if passes > 1 else ""
    return [
        ("optimiser", _optimiser(config)),
        ("learning rate", schedule(config)),
        ("loss", _loss(config)),
        ("batch size", f"{counted(batch, 'image')}, {counted(steps, 'step')} per epoch{often}"),
        ("epochs", _epochs(page)),
        ("augmentation", _augmentation(page)),
        *_batch_normalization(run),
        ("validation", "the test split, as in the original notebook" if validates_on_test(page) else
                       f"{counted(data['validation'], 'image')} held out of the training split, stratified by class"),
        ("engine", "native" if run.get("engine") == "native" else f"Keras on {NAMES.get(run.get('backend', ''), 'TensorFlow')}"),
        ("precision", run.get("precision", "float32").replace("_", " ")),
        ("time", f"{duration(page['metrics']['train_seconds'])} on {_computed_on(run)}"),
    ]  # fmt: skip


def accelerators(run: Mapping[str, Any]) -> list[str]:
    """Return the GPUs used, with counts; runs of earlier versions did not record them."""
    names = run.get("accelerators", [])
    return [f"{names.count(name)} × {name}" if names.count(name) > 1 else name for name in dict.fromkeys(names)]


def _computed_on(run: Mapping[str, Any]) -> str:
    machine = run["machine"]
    return join_words(accelerators(run)) or f"{counted(machine['cores'], 'core')} of {machine['processor']}"


def environment(page: Page) -> list[tuple[str, str]]:
    """Return what a reproduction depends on: seed, versions, machine and data."""
    run, machine = page["run"], page["run"]["machine"]
    training, in_all = (duration(page["metrics"][name]) for name in ("train_seconds", "wall_seconds"))
    return [
        ("seed", str(run["seed"])),
        ("versions", join_words([f"{package} {version}" for package, version in run["versions"].items()])),
        (
            "machine",
            ", ".join([*accelerators(run), machine["processor"], counted(machine["cores"], "core"), machine["system"]]),
        ),
        ("time", f"{training} for training, {in_all} with data and evaluation"),
        ("created", minute(run["created"])),
        ("data", f"{page['dataset']['source']}, SHA-256 {page['dataset']['fingerprint']}"),
    ]


def schedule(config: Mapping[str, Any]) -> str:
    """Return the learning-rate schedule."""
    peak = rate(config["learning_rate"])
    if config["schedule"] == "constant":
        return f"{peak}, constant"
    return f"one cycle: from 0 up to {peak} in the first {percent(config['warm_up'], 0)} of the steps, then down to 0"


def matrix(page: Page) -> list[list[tuple[int, int]]]:
    """Return (value, shade) per pixel of the first image's first channel, at most ``MATRIX_SIDE`` rows and columns."""
    rows = page["first_image"]["pixels"][:MATRIX_SIDE]
    return [[(pixel[0], -(-pixel[0] * SHADES // 255)) for pixel in row[:MATRIX_SIDE]] for row in rows]


def matrix_title(page: Page) -> str:
    """Return the title of the printed matrix."""
    channels = page["dataset"]["image_shape"][2]
    values = {1: "grey levels", 3: "red values"}.get(channels, "first channel")
    return f"The {values} of the first training image, {an_image_of(page['first_image']['class_name'])}"


def matrix_note(page: Page) -> str:
    """State which part of the image the matrix shows, if not all of it."""
    height, width, channels = page["dataset"]["image_shape"]
    parts = []
    if max(height, width) > MATRIX_SIDE:
        shown = sides((min(height, MATRIX_SIDE), min(width, MATRIX_SIDE)))
        parts.append(f"the top left {shown} of {sides((height, width))} pixels")
    if channels > 1:
        parts.append(f"the first of its {channels} channels")
    return f"Shown: {join_words(parts)}." if parts else ""


def _optimiser(config: Mapping[str, Any]) -> str:
    decay = f", weight decay {config['weight_decay']:g}" if config["weight_decay"] else ""
    return f"{OPTIMISERS[config['optimizer']]}, β₁ {config['beta_1']}, β₂ {config['beta_2']}{decay}"


def _loss(config: Mapping[str, Any]) -> str:
    smoothing = f", labels smoothed by {config['label_smoothing']:g}" if config["label_smoothing"] else ""
    weighted = ", weighted by inverse class frequency" if config.get("balance") == "weights" else ""
    corrected = "; logits corrected by class frequency after the training" if config.get("balance") == "prior" else ""
    return f"sparse categorical cross-entropy{smoothing}{weighted}{corrected}"


def _batch_normalization(run: Mapping[str, Any]) -> list[tuple[str, str]]:
    if not run["config"].get("batch_normalization"):
        return []
    where = "hidden dense layer" if "engine" in run else "hidden layer"  # earlier versions normalised convolutions, too
    return [("batch normalisation", f"after every {where} during training; folded into the weights at the end")]


def _epochs(page: Page) -> str:
    asked, done = page["run"]["config"]["epochs"], page["metrics"]["epochs"]
    ended = (
        "stopped early" if page["run"].get("stopped_early") else "time limit" if page["run"].get("ending") == "time" else ""
    )
    return f"{done} of {asked} ({ended})" if ended and done <= asked else str(done)


def _augmentation(page: Page) -> str:
    words = in_words(page["run"]["augmentation"])
    return f"random per image and epoch: {words}" if words else "none"


def _reach(field: Mapping[str, Sequence[int]] | None) -> str:
    return "whole image" if field is None else f"{sides(field['size'])}, stride {field['jump'][0]}"


def _share(part: int, total: int) -> float:
    return part / total if total else 0.0
