"""Section headings, filled with this run's numbers."""

from collections.abc import Callable

from ...analysis.findings.accuracy import is_most_frequent
from ...figures.text import rounded_share
from ...formatting import count_of, join_words, percent_range
from . import uncertainty
from .nouns import Page, baseline_noun, validation_images
from .numbers import capital, counted, day, duration, name, percent, sides, whole


def title(section: str, page: Page) -> str:
    """Return the heading of a section by its anchor. The glossary's own is made last, when its terms are known."""
    return TITLES[section](page)


def _data(page: Page) -> str:
    height, width, channels = page["dataset"]["image_shape"]
    data = page["metrics"]["data"]
    kind = {1: "grey ", 3: "colour "}.get(channels, "")
    return (f"{whole(data['train'])} {kind}training images of {sides((height, width))} pixels in "
            f"{counted(len(page['dataset']['class_names']), 'class', 'classes')}")  # fmt: skip


def _architecture(page: Page) -> str:
    metrics = page["metrics"]
    heaviest = max(metrics["layers"], key=lambda layer: layer["num_parameters"])
    text = f"{whole(metrics['parameters'])} parameters in {counted(len(metrics['layers']), 'layer')}"
    if heaviest["num_parameters"] == metrics["parameters"]:
        return f"{text}, all of them in {heaviest['name']}"
    return f"{text}, {rounded_share(heaviest['num_parameters'] / metrics['parameters'])} of them in {heaviest['name']}"


def _training(page: Page) -> str:
    first, last = page["history"][0], page["history"][-1]
    interval = page["metrics"]["history"].get("validation_interval")  # runs of earlier versions have none
    sure = f" (95% CI {percent_range(interval)})" if interval else ""
    if first is last:
        return f"Accuracy on {validation_images(page)}: {percent(last['val_accuracy'])} after one epoch{sure}"
    start, end = (percent(each["val_accuracy"]) for each in (first, last))
    return (f"Accuracy on {validation_images(page)}: {start} after the first epoch{' and' if start == end else f', {end}'} "
            f"after {counted(last['epoch'], 'epoch')}{sure}")  # fmt: skip


def _results(page: Page) -> str:
    test = page["metrics"]["test"]
    return f"Accuracy {percent(test['accuracy'])} on {count_of(test['n'], 'test image')} (95% CI {percent_range(test['interval'])})"


def _mistakes(page: Page) -> str:
    test = page["metrics"]["test"]
    first = test["confused_pairs"][0]
    pair = f"{name(first['true'])} predicted as {name(first['predicted'])}"
    errors = capital(counted(test["errors"], "error"))
    if test["errors"] == 1:
        return f"{errors}: {pair}"
    if is_most_frequent([each["count"] for each in test["confused_pairs"]]):
        return f"{errors}, most often {pair}"
    return f"{errors}; none of the confusions is significantly the most frequent"


def _inside(page: Page) -> str:
    filters = [str(layer["output_shape"][-1]) for layer in page["network"]["layers"] if layer["kind"] == "Conv2D"]
    image = page["test_image"]
    shown = f"test image 0, true class {name(image['class_name'])}"
    is_correct = image["predicted"] == image["class_name"]
    outcome = "predicted correctly" if is_correct else f"predicted as {name(image['predicted'])}"
    if not filters:
        return f"Activations for {shown}, {outcome}"
    return f"{join_words(filters)} filters applied to {shown}, {outcome}"


def _conclusion(page: Page) -> str:
    baseline, test = page["metrics"].get("baseline"), page["metrics"]["test"]
    if baseline is None:
        return f"Test accuracy {percent(test['accuracy'])} in one run with one seed"
    other, errors = f"the {baseline_noun(page)}", count_of(test["errors"], "error")
    if test["errors"] == baseline["errors"]:
        return f"{errors}, as many as {other}" if test["errors"] else f"No errors, like {other}"
    return f"{errors if test['errors'] else 'No errors'} against {whole(baseline['errors'])} of {other}"


def _reproduce(page: Page) -> str:
    return f"Reproduce this run: {duration(page['metrics']['train_seconds'])} of training"


TITLES: dict[str, Callable[[Page], str]] = {
    "saw": _data, "built": _architecture, "learned": _training, "good": _results, "fails": _mistakes,
    "inside": _inside, "sure": uncertainty.title, "verdict": _conclusion, "yourself": _reproduce,
}  # fmt: skip


def headline(page: Page) -> tuple[str, str, str]:
    """Return the result in three parts: ``Test accuracy 99.35%``, ``(95% CI 99.17–99.49%)``, ``65 errors in 10,000 images``."""
    test = page["metrics"]["test"]
    counts = f"{count_of(test['errors'], 'error')} in {count_of(test['n'], 'image')}"
    return f"Test accuracy {percent(test['accuracy'])}", f"(95% CI {percent_range(test['interval'])})", counts


def run_summary(page: Page) -> str:
    """Return the model, the data, the recipe and the time in one sentence."""
    run, metrics = page["run"], page["metrics"]
    return (f"{name(run['model'])} ({whole(metrics['parameters'])} parameters), trained on {whole(metrics['data']['train'])} "
            f"images of {name(page['dataset']['name'])} for {counted(metrics['epochs'], 'epoch')} in "
            f"{duration(metrics['train_seconds'])}; recipe {name(run['recipe'])}, seed {run['seed']}, "
            f"{day(run['created'])}.")  # fmt: skip
