"""The report's text: the notebook's story, in its order, told with the numbers of this run.

Each function reads the payload and returns a paragraph, or an empty string where there is nothing to say.
"""

from __future__ import annotations

from ..analysis.findings.network import lines_in_words
from ..analysis.sampling import REFERENCE_BYTES, TEST_BYTES
from ..models.architectures import MODELS
from ..training.augmentation import in_words
from . import certainty
from .facts import (
    Page,
    an_image_of,
    is_drawable,
    layers_in_words,
    network_noun,
    number_of,
    short,
    validates_on_test,
)
from .formats import SPACE, confidence, counted, decimal, joined, name, percent, sides, whole, word
from .tables import OPTIMISERS


def opening(page: Page) -> str:
    """The notebook's first paragraph: what is built, with what, of which layers, trained how."""
    dataset, run = page["dataset"], page["run"]
    config = run["config"]
    smoothing = f", on labels smoothed by {config['label_smoothing']:g}" if config["label_smoothing"] else ""
    # Ours are; what a user's own model is built with is not recorded.
    way = "It is Keras' Sequential model of" if run["model"] in MODELS else "It is a chain of"
    return (f"Here a simple {network_noun(page)} is built that classifies the images of {name(dataset['name'])}, with the "
            f"Keras API on {back_end(page)}. {way} {joined(layers_in_words(page))}. "
            f"It is trained with the {OPTIMISERS[config['optimizer']]} optimiser and the sparse categorical cross-entropy "
            f"loss{smoothing}.")  # fmt: skip


def roadmap(page: Page) -> str:
    """The notebook's second paragraph: what is shown, in which order, as far as this run has it."""
    shown = ["the raw data, both as a matrix and as an image", "the sizes of the dataset", "a diagram of the model",
             "its accuracy and loss as functions of the epoch", "a confusion matrix of the results"]  # fmt: skip
    if page["metrics"]["test"]["errors"]:
        shown.append("the images that went wrong")
    if number_of(page, "Conv2D"):
        shown.append("the kernels and the feature maps they make")
    if certainty.applies(page):
        shown.append("how far the network's confidence can be believed")
    if "baseline" in page["metrics"]:
        shown.append(f"how the {short(page['metrics']['baseline']['model_name'])} does on the same images")
    return f"This page shows {joined(shown)}. {_live(page)}"


def _live(page: Page) -> str:
    """What the network in the page does, and whose numbers are which."""
    if not page["weights"]:
        return "Every number on it was measured in this run."
    uses = [f"on what you {'draw' if is_drawable(page) else 'open'}"]
    if (page["evidence"] or {}).get("film"):
        uses.append("with its weights after each epoch")
    uses.append("down to every product of every unit")
    return (f"The network itself runs in it too: {joined(uses)}. Those numbers are computed while you look; all others were "
            "measured in this run.")  # fmt: skip


def back_end(page: Page) -> str:
    """Return the name of the backend, such as ``"the TensorFlow backend"``."""
    backend = page["run"]["backend"]
    return f"the {({'tensorflow': 'TensorFlow', 'jax': 'JAX'}).get(backend, backend)} backend"


def first_image(page: Page) -> str:
    """What is printed and drawn first."""
    height, width, channels = page["dataset"]["image_shape"]
    shown = an_image_of(page["first_image"]["class_name"])
    sizes = sides((height, width))
    if channels == 1:
        return (f"The first training image is {shown}. To a computer it is a matrix of {sizes} grey levels, from 0 to 255; here "
                "it is as numbers, then as a picture.")  # fmt: skip
    colours = ", one each for red, green and blue" if channels == 3 else ""
    return (f"The first training image is {shown}. To a computer it is {word(channels)} matrices of {sizes} numbers from 0 to "
            f"255{colours}; here is the first of them, then the picture.")  # fmt: skip


def normalisation(page: Page) -> str:
    """``x / 255.0``, with what it does to these pixels."""
    pixels = page["metrics"]["data"]["pixels"]
    return (
        f"The pixels of the training images run from {pixels['minimum']} to {pixels['maximum']}, with a mean of "
        f"{decimal(pixels['mean'], 1)}. Each is divided by 255, which takes the mean to {decimal(pixels['mean'] / 255, 3)}; "
        f"nothing else is done to them.{_augmented(page)}"
    )


def _augmented(page: Page) -> str:
    words = in_words(page["run"]["augmentation"])
    return f" During training each image is also changed at random, anew in every epoch: {words}." if words else ""


def held(page: Page) -> str:
    """Which images travel in the page, and how much of it they may take."""
    evidence, data = page["evidence"], page["metrics"]["data"]
    if evidence is None:
        return ""
    number, tested = evidence["test"]["count"], data["test"]
    rest = (
        "" if number == tested else ", of which the mistakes come first and the others are drawn at random, class by class"
    )
    test = f"all {whole(tested)} test images" if number == tested else f"{whole(number)} of the {whole(tested)} test images"
    return (f"This file holds {test}, for which there are {_megabytes(TEST_BYTES)} of it{rest}; and, in another "
            f"{_megabytes(REFERENCE_BYTES)}, {whole(evidence['reference']['count'])} training images: "
            f"{whole(evidence['reference']['sample'])} drawn at random, class by class, to measure distances to, and the "
            "nearest ones of mistakes.")  # fmt: skip


def _megabytes(size: int) -> str:
    return f"{size / 1e6:.1f}{SPACE}MB"


def costs(page: Page) -> str:
    """Where the parameters are, and where the work is."""
    layers = page["metrics"]["layers"]
    parameters, work = page["metrics"]["parameters"], page["metrics"]["multiply_adds"]
    heaviest = max(layers, key=lambda layer: layer["num_parameters"])
    busiest = max(layers, key=lambda layer: layer["multiply_adds"])
    if not work or not parameters:
        return ""
    if heaviest["num_parameters"] == parameters:
        return (f"All {whole(parameters)} parameters are in {name(heaviest['name'])}, {heaviest['parameter_sum']}, and so is "
                f"all the work: {whole(work)} multiply-adds for one image.")  # fmt: skip
    text = (f"{percent(heaviest['num_parameters'] / parameters, 1)} of the parameters are in {name(heaviest['name'])}: "
            f"{heaviest['parameter_sum']} = {whole(heaviest['num_parameters'])}.")  # fmt: skip
    share = percent(busiest["multiply_adds"] / work, 1)
    if busiest["name"] == heaviest["name"]:
        return f"{text} It also does {share} of the {whole(work)} multiply-adds that one image takes."
    places = sides(busiest["output_shape"][:2])
    reuse = f", because its {whole(busiest['num_parameters'])} parameters are used again at each of {places} places" if (
        len(busiest["output_shape"]) == 3) else ""  # fmt: skip
    return f"{text} But {share} of the {whole(work)} multiply-adds that one image takes are done in {name(busiest['name'])}{reuse}."


def blind(page: Page) -> str:
    """Which pixels can never matter, and why."""
    lines = page["metrics"]["unused_input_pixels"]
    height, width, _ = page["dataset"]["image_shape"]
    rows, columns = len(lines["rows"]), len(lines["columns"])
    if not rows and not columns:
        return ""
    pixels = height * width - (height - rows) * (width - columns)
    places = [
        lines_in_words(what, numbers) for what, numbers in (("row", lines["rows"]), ("column", lines["columns"])) if numbers
    ]
    layers = joined([name(layer) for layer in lines["layers"]]) or "a layer"
    return (f"{whole(pixels)} of the {whole(height * width)} pixels can never change the answer: {joined(places)}, counted from 0. "
            f"The windows of {layers} do not take in every line of what they read, and the lines left out are all that those "
            "pixels reach.")  # fmt: skip


def learned(page: Page) -> str:
    """What the curves show."""
    first, last = page["history"][0], page["history"][-1]
    best = page["metrics"]["history"]["best_validation_epoch"]
    checked = "test" if validates_on_test(page) else "validation"
    if first is last:
        return (f"After the only epoch the {checked} loss is {decimal(last['val_loss'])} and the {checked} accuracy "
                f"{percent(last['val_accuracy'])}.")  # fmt: skip
    lowest = next(epoch for epoch in page["history"] if epoch["epoch"] == best)
    where = "in the last epoch" if best == last["epoch"] else f"in epoch {best} of {last['epoch']}"
    return (f"The {checked} loss goes from {decimal(first['val_loss'])} to {decimal(last['val_loss'])}, the {checked} accuracy "
            f"from {percent(first['val_accuracy'])} to {percent(last['val_accuracy'])}. The loss was lowest {where}, with "
            f"{decimal(lowest['val_loss'])}; nothing was chosen by it, the network is that of the last epoch.")  # fmt: skip


def validation_note(page: Page) -> str:
    """That the curve called validation is the test split's, where it is."""
    if not validates_on_test(page):
        return ""
    number = whole(page["metrics"]["data"]["test"])
    return ("As the original notebook did, this recipe validates on the test split: the second curve, and the columns called "
            f"test in the table, are measured on the same {number} images as the result. Nothing was chosen by them, but "
            "they are no independent check. The recipe standard holds images out instead.")  # fmt: skip


def kernels(page: Page) -> str:
    """What a filter is made of, layer by layer."""
    sentences = []
    for layer in page["network"]["layers"]:
        if layer["kind"] != "Conv2D":
            continue
        filters, channels = layer["output_shape"][-1], layer["input_shape"][-1]
        size = sides(layer["settings"]["kernel_size"])
        stack = f"a stack of {channels} kernels of {size}, {whole(filters * channels)} in all"
        each = f"one kernel of {size} weights" if channels == 1 else stack
        sentences.append(f"{name(layer['name'])} has {counted(filters, 'filter')}, each {each}.")
    return " ".join(sentences)


def passage(page: Page) -> str:
    """What happens to test image 0 on its way, in shapes."""
    image = page["test_image"]
    steps = [f"{layer['output_shape'][-1]} maps of {sides(layer['output_shape'][:2])} after {name(layer['name'])}"
             for layer in page["network"]["layers"] if len(layer["output_shape"]) == 3]  # fmt: skip
    return (f"Test image 0 is {an_image_of(image['class_name'])}. On its way through the network it becomes {joined(steps)}. "
            f"In the end the network says {name(image['predicted'])}, with a probability of "
            f"{confidence(image['confidence'])}.")  # fmt: skip


def mistakes(page: Page) -> str:
    """How many there are, and how many have a picture."""
    errors, shown = page["metrics"]["test"]["errors"], page["mistakes_shown"]
    if shown < errors:
        return f"Of the {whole(errors)} mistakes, these are the {whole(shown)} that the network was surest about."
    return "This is the one mistake." if errors == 1 else f"These are all {counted(errors, 'mistake')}, the surest first."


def hints(page: Page) -> str:
    """How many mistakes the list of hints has, and of which kinds."""
    explained = page["metrics"]["mistakes"]
    kinds = [f"{whole(count)} {kind}" for kind, count in explained["triage"].items() if count]
    listed, errors = len(explained["list"]), page["metrics"]["test"]["errors"]
    some = f"the {whole(listed)} surest mistakes" if listed < errors else counted(errors, "mistake")
    return f"Whose fault? {some[0].upper()}{some[1:]} one by one, each with a hint ({joined(kinds)})"
