"""The titles of the sections: each says what this run has to show there, so that none would fit another run."""

from __future__ import annotations

from collections.abc import Callable

from ..analysis.findings.confusions import is_most_frequent
from . import certainty
from .facts import Page, a_network, network_noun, validation_images
from .formats import capital, counted, duration, joined, name, percent, sides, whole


def title(section: str, page: Page) -> str:
    """The title of a section, by its anchor. The list of words has its own: which they are is known last."""
    return TITLES[section](page)


def _opening(page: Page) -> str:
    return f"{capital(network_noun(page))} for {name(page['dataset']['name'])}, built with Keras"


def _saw(page: Page) -> str:
    height, width, channels = page["dataset"]["image_shape"]
    data = page["metrics"]["data"]
    kind = {1: "grey ", 3: "colour "}.get(channels, "")
    return (f"{whole(data['train'])} {kind}images of {sides((height, width))} pixels to learn from, in "
            f"{counted(len(page['dataset']['class_names']), 'class', 'classes')}")  # fmt: skip


def _built(page: Page) -> str:
    metrics = page["metrics"]
    heaviest = max(metrics["layers"], key=lambda layer: layer["num_parameters"])
    text = f"{whole(metrics['parameters'])} parameters in {counted(len(metrics['layers']), 'layer')}"
    if heaviest["num_parameters"] == metrics["parameters"]:
        return f"{text}, all of them in {heaviest['name']}"
    return f"{text}, {percent(heaviest['num_parameters'] / metrics['parameters'], 0)} of them in {heaviest['name']}"


def _learned(page: Page) -> str:
    first, last = page["history"][0], page["history"][-1]
    if first is last:
        return f"{percent(last['val_accuracy'])} of the {validation_images(page)} are right after one epoch"
    return (f"{percent(first['val_accuracy'])} of the {validation_images(page)} are right after the first epoch, "
            f"{percent(last['val_accuracy'])} after {counted(last['epoch'], 'epoch')}")  # fmt: skip


def _good(page: Page) -> str:
    test = page["metrics"]["test"]
    return (f"{percent(test['accuracy'])} of {whole(test['n'])} test images are right; with 95% confidence between "
            f"{percent(test['interval'][0])} and {percent(test['interval'][1])} of all such images")  # fmt: skip


def _fails(page: Page) -> str:
    test = page["metrics"]["test"]
    first = test["confused_pairs"][0]
    pair = f"{name(first['true'])} taken for {name(first['predicted'])}"
    mistakes = capital(counted(test["errors"], "mistake"))
    if test["errors"] == 1:
        return f"{mistakes}: {pair}"
    if is_most_frequent([each["count"] for each in test["confused_pairs"]]):
        return f"{mistakes}, most often {pair}"
    return f"{mistakes}; none more frequent than {pair}"


def _inside(page: Page) -> str:
    convolutions = [layer for layer in page["network"]["layers"] if layer["kind"] == "Conv2D"]
    filters = [str(layer["output_shape"][-1]) for layer in convolutions]
    image = page["test_image"]
    shown = f"test image 0, true class {name(image['class_name'])}"
    said = "right" if image["predicted"] == image["class_name"] else f"wrong: it says {name(image['predicted'])}"
    if not filters:
        return f"What becomes of {shown}; the network is {said}"
    return f"{joined(filters)} filters see {shown}, and the network is {said}"


def _verdict(page: Page) -> str:
    baseline, test = page["metrics"].get("baseline"), page["metrics"]["test"]
    if baseline is None:
        return f"{percent(test['accuracy'])}, by one run with one seed"
    return f"{whole(test['errors'])} mistakes against the {whole(baseline['errors'])} of {a_network(baseline['model_name'])}"


def _yourself(page: Page) -> str:
    return f"The same again takes {duration(page['metrics']['wall_seconds'])} and one line"


TITLES: dict[str, Callable[[Page], str]] = {
    "opening": _opening, "saw": _saw, "built": _built, "learned": _learned, "good": _good, "fails": _fails,
    "inside": _inside, "sure": certainty.title, "verdict": _verdict, "yourself": _yourself,
}  # fmt: skip
