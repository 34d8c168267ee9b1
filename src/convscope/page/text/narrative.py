"""The text of the report: following the original notebook, with the numbers of this run.

Each function reads the payload and returns a paragraph, or an empty string if it does not apply.
"""

from ...analysis.sampling import REFERENCE_BYTES, TEST_BYTES
from ...analysis.training_summary import training_length
from ...formatting import count_of, join_words
from ...models.architectures import MODELS
from ...models.backend import NAMES
from ...training.augmentation import in_words
from .nouns import Page, an_image_of, layers_in_words, lines_in_words, network_noun, validates_on_test
from .numbers import SPACE, confidence, counted, decimal, name, percent, sides, whole, word
from .tables import OPTIMISERS

CAUSES = {"label suspect": "possible label error", "ambiguous": "ambiguous image", "model error": "probable model error"}
"""Nouns for the kinds of the triage."""


def introduction(page: Page) -> str:
    """Return the notebook's first paragraph: the task, the framework, the layers and the training."""
    dataset, run = page["dataset"], page["run"]
    config = run["config"]
    smoothing = f", with labels smoothed by {config['label_smoothing']:g}" if config["label_smoothing"] else ""
    # A run does not record whether a user's own model is Sequential.
    kind = "is a Keras Sequential model of" if run["model"] in MODELS else "is a chain of"
    if any("inputs" in layer for layer in page["network"]["layers"]):
        kind = "has branches, and consists of"
    return (f"This report is about a {network_noun(page)} that classifies the images of {name(dataset['name'])}, "
            f"{_built_with(page)}. It {kind} {join_words(layers_in_words(page))}. It was trained with the "
            f"{OPTIMISERS[config['optimizer']]} optimiser and the sparse categorical cross-entropy loss{smoothing}.")  # fmt: skip


def _built_with(page: Page) -> str:
    if page["run"].get("engine") == "native":
        return "defined as layers of Keras and trained by convscope's native engine"
    return f"built with the Keras API on {back_end(page)}"


def back_end(page: Page) -> str:
    """Return the Keras backend of the run, such as ``"the TensorFlow backend"``."""
    versions = page["run"]["versions"]
    if known := page["run"].get("backend"):
        return f"the {NAMES.get(known, known)} backend"
    # Runs of earlier versions recorded the installed packages only.
    if any(package in versions for package in ("tensorflow", "tensorflow-cpu")):
        return "the TensorFlow backend"
    return "the JAX backend" if "jax" in versions else "an unrecorded backend"


def first_image(page: Page) -> str:
    """Introduce the first training image, and how it is stored."""
    height, width, channels = page["dataset"]["image_shape"]
    start = f"The first training image is {an_image_of(page['first_image']['class_name'])}."
    size = sides((height, width))
    if channels == 1:
        return f"{start} It is stored as a matrix of {size} grey levels from 0 to 255."
    colours = ", one each for red, green and blue" if channels == 3 else ""
    return f"{start} It is stored as {word(channels)} {size} matrices of values from 0 to 255{colours}."


def normalisation(page: Page) -> str:
    """Describe the scaling of the pixels, and the augmentation if there was any."""
    pixels = page["metrics"]["data"]["pixels"]
    words = in_words(page["run"]["augmentation"])
    other = "Except for what is listed below, no" if page["dataset"].get("notes") else "No other"
    augmented = f" During training, each image is also transformed at random in every epoch: {words}." if words else ""
    return (f"The pixels of the training images range from {pixels['minimum']} to {pixels['maximum']}, with mean "
            f"{decimal(pixels['mean'], 1)}. Dividing by 255 scales the mean to {decimal(pixels['mean'] / 255, 3)}. {other} "
            f"preprocessing is applied.{augmented}")  # fmt: skip


def embedded_images(page: Page) -> str:
    """State which images are embedded in the page, and how much space they may take."""
    evidence, tested = page["evidence"], page["metrics"]["data"]["test"]
    if evidence is None:
        return ""
    embedded, reference = evidence["test"]["count"], evidence["reference"]
    if embedded == tested:
        images = f"all {whole(tested)} test images" if tested > 1 else "the only test image"
        test = f"{images} (budget {_megabytes(TEST_BYTES)})"
    else:
        test = (f"{whole(embedded)} of the {whole(tested)} test images (budget {_megabytes(TEST_BYTES)}; all errors first, then a "
                "random sample stratified by class)")  # fmt: skip
    return (f"Embedded in this file: {test} and {whole(reference['count'])} training images (budget "
            f"{_megabytes(REFERENCE_BYTES)}). Of the training images, {whole(reference['sample'])} are a random sample stratified "
            "by class, searched for similar images; the others are the nearest neighbours of misclassified images.")  # fmt: skip


def _megabytes(size: int) -> str:
    return f"{size / 1e6:.1f}{SPACE}MB"


def layer_costs(page: Page) -> str:
    """State which layers hold most parameters and do most multiply-adds."""
    layers = page["metrics"]["layers"]
    parameters, work = page["metrics"]["parameters"], page["metrics"]["multiply_adds"]
    heaviest = max(layers, key=lambda layer: layer["num_parameters"])
    busiest = max(layers, key=lambda layer: layer["multiply_adds"])
    if not work or not parameters:
        return ""
    if heaviest["num_parameters"] == parameters:
        return (f"All {whole(parameters)} parameters ({heaviest['parameter_sum']}) and all {whole(work)} multiply-adds per image "
                f"are in {name(heaviest['name'])}.")  # fmt: skip
    text = (f"{name(heaviest['name'])} holds {percent(heaviest['num_parameters'] / parameters, 1)} of the parameters: "
            f"{heaviest['parameter_sum']} = {whole(heaviest['num_parameters'])}.")  # fmt: skip
    share = percent(busiest["multiply_adds"] / work, 1)
    if busiest["name"] == heaviest["name"]:
        return f"{text} It also does {share} of the {whole(work)} multiply-adds per image."
    reuse = ""
    if len(busiest["output_shape"]) == 3:
        reuse = (f", because it applies its {whole(busiest['num_parameters'])} parameters at "
                 f"{sides(busiest['output_shape'][:2])} positions")  # fmt: skip
    return f"{text} But {name(busiest['name'])} does {share} of the {whole(work)} multiply-adds per image{reuse}."


def unused_pixels(page: Page) -> str:
    """State which input pixels cannot influence the output, and which layers drop them."""
    unused = page["metrics"]["unused_input_pixels"]
    height, width, _ = page["dataset"]["image_shape"]
    rows, columns = unused["rows"], unused["columns"]
    if not rows and not columns:
        return ""
    pixels = height * width - (height - len(rows)) * (width - len(columns))
    where = join_words([lines_in_words(what, lines) for what, lines in (("row", rows), ("column", columns)) if lines])
    # Runs of earlier versions do not name the layers.
    layers = [name(layer) for layer in unused.get("layers", ())] or ["a layer"]
    return (f"{whole(pixels)} of the {whole(height * width)} pixels cannot influence the output: {where}, counted from 0. The "
            f"windows of {join_words(layers)} skip the only rows and columns that these pixels influence.")  # fmt: skip


def learning_curves(page: Page) -> str:
    """State where the loss is lowest, what ended the training, and whether more of it would help."""
    best = page["metrics"]["history"]["best_validation_epoch"]
    split = "test" if validates_on_test(page) else "validation"
    last = page["history"][-1]["epoch"]
    length = training_length(page["run"], page["metrics"])
    if page["run"]["config"].get("balance") == "prior":
        length += " The curves are those before the logits were corrected by class frequency."
    if last == 1:
        return f"After the only epoch, the {split} loss is {decimal(page['history'][0]['val_loss'])}. {length}"
    lowest = next(epoch for epoch in page["history"] if epoch["epoch"] == best)
    where = "the last epoch" if best == last else f"epoch {best} of {last}"
    return f"The {split} loss is lowest in {where} ({decimal(lowest['val_loss'])}). {length}"


def validation_note(page: Page) -> str:
    """State that the run validates on its test split, if it does."""
    if not validates_on_test(page):
        return ""
    number = whole(page["metrics"]["data"]["test"])
    return ("Like the original notebook, this recipe validates on the test split: the validation curve and the columns headed "
            f"“Test” use the same {number} images as the result. They did not influence training, but they are no independent "
            "check. The recipe standard validates on held-out training images instead.")  # fmt: skip


def kernel_counts(page: Page) -> str:
    """State how many kernels each convolution has, and of what size."""
    sentences = []
    for layer in page["network"]["layers"]:
        if layer["kind"] != "Conv2D":
            continue
        filters, channels = layer["output_shape"][-1], layer["input_shape"][-1]
        size = sides(layer["settings"]["kernel_size"])
        stack = f"{count_of(channels, 'kernel')} of {size} weights ({whole(filters * channels)} kernels in all)"
        each = f"one kernel of {size} weights" if channels == 1 else stack
        sentences.append(f"{name(layer['name'])} has {counted(filters, 'filter')}, each with {each}.")
    return " ".join(sentences)


def layer_shapes(page: Page) -> str:
    """Describe how the shape of test image 0 changes from layer to layer."""
    image = page["test_image"]
    steps = [f"{layer['output_shape'][-1]} maps of {sides(layer['output_shape'][:2])} after {name(layer['name'])}"
             for layer in page["network"]["layers"] if len(layer["output_shape"]) == 3]  # fmt: skip
    return (f"Test image 0 is {an_image_of(image['class_name'])}. The layers turn it into {join_words(steps)}. The network "
            f"predicts {name(image['predicted'])} (probability {confidence(image['confidence'])}).")  # fmt: skip


def pca_map_title(page: Page) -> str:
    """Return the title of the map of test images: the layer, and the share of its variance in the map."""
    shown = page["evidence"]["pca_map"]
    ratio = percent(sum(shown["explained_variance_ratio"]), 1)
    return f"Two principal components of {name(shown['layer'])} show {ratio} of its variance"


def pca_map(page: Page) -> str:
    """State which images the map shows, how to read it, and what it cannot show."""
    shown, tested = page["evidence"]["pca_map"], page["metrics"]["data"]["test"]
    which = f"all {whole(tested)} test images" if shown["count"] == tested else (
        f"{whole(shown['count'])} of the {whole(tested)} test images (errors first, then a random sample stratified by "
        "class)")  # fmt: skip
    first, second = (percent(share, 1) for share in shown["explained_variance_ratio"])
    return (f"The map shows {which}; crosses are errors, and the ring with a name is the open image. Of the variance of the "
            f"activations, the first component shows {first} and the second {second}. Distance in the map is not distance in the "
            "network: images that differ in other directions may lie side by side.")  # fmt: skip


def errors_shown(page: Page) -> str:
    """State how many errors there are, and how many are shown."""
    errors, shown = page["metrics"]["test"]["errors"], page["mistakes_shown"]
    if shown < errors:
        return f"The {whole(shown)} most confident of {whole(errors)} errors."
    if errors == 1:
        return "The only error."
    all_of_them = "Both errors" if errors == 2 else f"All {counted(errors, 'error')}"
    return f"{all_of_them}, most confident first."


def likely_causes(page: Page) -> str:
    """Return the heading of the table of likely causes, with the number of errors of each kind."""
    explained = page["metrics"]["mistakes"]
    causes = [count_of(count, CAUSES[kind]) if kind in CAUSES else f"{whole(count)} not judged"
              for kind, count in explained["triage"].items() if count]  # fmt: skip
    listed, errors = len(explained["list"]), page["metrics"]["test"]["errors"]
    which = "of each error" if listed == errors else f"of the {whole(listed)} most confident of {whole(errors)} errors"
    return f"Likely cause {which} (heuristic): {join_words(causes)}"
