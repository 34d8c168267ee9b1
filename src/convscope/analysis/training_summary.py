"""What ended a training, whether more of it would help, and what other seeds give."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from ..formatting import count_of, percent, percent_range
from ..training import schedule
from ..training.recipes import changed_settings

MIN_VALIDATION = 100
"""Validation images below which nothing is said about more training."""


def training_length(run: Mapping[str, Any], metrics: Mapping[str, Any]) -> str:
    """Return that in two sentences or three; ``run`` is ``run.json``, ``metrics`` is ``metrics.json``."""
    return " ".join(filter(None, (_ending(run, metrics), _more(run, metrics))))


def _ending(run: Mapping[str, Any], metrics: Mapping[str, Any]) -> str:
    kept, number = metrics["epochs"], metrics.get("data", {}).get("validation", 0)
    planned, trained = run["config"]["epochs"], run.get("epochs_trained", kept)
    epoch = f"epoch {trained} of {planned}" if trained <= planned else f"epoch {trained}"
    weights = f", with the weights after epoch {kept}, which has the best validation accuracy" if kept < trained else ""
    if run.get("stopped_early"):
        return f"Ctrl-C ended the training in {epoch}{weights}."
    if run.get("ending") == "time":
        return f"The time limit of {run['config']['time']:g} s ended the training in {epoch}{weights}."
    if run.get("ending") == "validation":
        return f"The validation accuracy no longer improved, which ended the training in {epoch}{weights}."
    few = run["config"].get("max_cycles", 1) > 1 and number < schedule.MIN_VALIDATION
    why = f"; {count_of(number, 'validation image')} cannot decide whether to go on" if few else ""
    return f"The training ended after {count_of(trained, 'epoch')}, as planned{weights}{why}."


def _more(run: Mapping[str, Any], metrics: Mapping[str, Any]) -> str:
    """Return whether more training would help, where that can be told without the test split."""
    if run["config"]["validation"] == "test":
        return ""
    if run.get("ending") == "validation":
        return "More training may help little."
    planned, kept = run["config"]["epochs"], metrics["epochs"]
    if run.get("epochs_trained", kept) < planned:  # stopped before it was over
        return "More training may help."
    history, number = metrics["history"], metrics["data"]["validation"]
    if number < MIN_VALIDATION:
        return f"{count_of(number, 'validation image')} cannot tell whether more training would help."
    if "validation_interval" not in history:  # in runs of earlier versions
        return ""
    if history["last_epoch"]["val_accuracy"] == 1:
        return f"It classifies all {number:,} validation images correctly, so they cannot tell whether more training would help."
    last, interval = history["last_epoch"], history["validation_interval"]
    augmented = ", as augmented," if run.get("augmentation") else ""
    text = (f"Over the last epoch, while the weights still changed, {percent(last['accuracy'])} of the training images{augmented} "
            f"were classified correctly, and at its end {percent(last['val_accuracy'])} of the validation images (95% CI "
            f"{percent_range(interval)}), so more training")  # fmt: skip
    if last["accuracy"] > interval[1]:
        return f"{text} is unlikely to help much."
    return f"{text} may help ({_longer(run, number)})."


def _longer(run: Mapping[str, Any], validation: int) -> str:
    """Return the option that trains longer."""
    if run.get("ending") == "time":
        return f"--time {2 * run['config']['time']:g}"
    return "--time 60" if validation >= schedule.MIN_VALIDATION else f"--epochs {2 * run['config']['epochs']}"


MNIST = "466bdc00ce7ea4e6eef6274eb1ff4787902972196c3396d0fb05a045121f1f8b"
"""Fingerprint of the whole of it."""


class Spread(NamedTuple):
    """Test accuracies of a recipe on MNIST, trained with several seeds."""

    model: str
    mean: float
    deviation: float
    """Standard deviation, 0..1."""
    seeds: int


MEASURED = {
    "sprint": Spread("cnn", 0.9922, 0.0006, 30),
    "standard": Spread("cnn", 0.9951, 0.0006, 10),
    "best": Spread("cnn", 0.9960, 0.0004, 10),
    "strong": Spread("strong", 0.9972, 0.0003, 3),
}
"""From ``benchmarks/results/accuracy.json``."""


def seed_spread(run: Mapping[str, Any], fingerprint: str) -> str:
    """Return a sentence on what training with other seeds gives; ``run`` is ``run.json``, ``fingerprint`` that of the data."""
    known = MEASURED.get(run["recipe"])
    is_measured = known and fingerprint == MNIST and run["model"] == known.model and not run.get("stopped_early")
    if known and is_measured and changed_settings(run["config"], run.get("training_set")) == {}:
        return (
            f"Trained with other seeds, this recipe reaches {100 * known.mean:.2f} ± {percent(known.deviation)} on MNIST (mean ± "
            f"standard deviation of {known.seeds} seeds)."
        )
    return "One training does not show how the accuracy varies over seeds; convscope study does."
