"""``predict``: classes and probabilities of new images."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

from ..data.images.inputs import ImageLike
from ..data.readers.unlabelled_table import UnlabelledTable, is_table, read_unlabelled_table
from ..errors import ConfigError
from ..prediction.classifier import Classifier, open_classifier
from ..prediction.classify import predict as _predict
from ..prediction.predictions import Predictions
from ..runs.files import MANIFEST, REQUEST
from ..system.arguments import checked
from ..types import PathLike

if TYPE_CHECKING:
    import keras


@checked
def predict(
    run: PathLike | keras.Model | Classifier,
    images: ImageLike | Iterable[ImageLike] | UnlabelledTable,
    *,
    top: int = 3,
    skip_bad_images: bool = False,
    single: bool = False,
    at_least: float = 0.0,
    pixel_range: tuple[float, float] | None = None,
) -> Predictions:
    """Classify image files or arrays with a trained network.

    Each image is preprocessed like the training data, and the result lists the steps. A network for digits detects several
    digits per image file, but not in an array of n: each gets a prediction, in reading order, with its ``place``.

    Args:
        run: A run or its folder, or an ``.onnx`` file of convscope, which ONNX Runtime computes; or a ``.keras`` file of
            :func:`convscope.export` or a ``keras.Model``, which Keras computes. A model must take (n, h, w, c) in 0..1 and end
            in a softmax or in logits. A run's own ``model`` predicts as the run; of another one, which a warning says, classes are
            named ``"0"``, ``"1"`` and so on, and the preprocessing of the training images is unknown. Or what
            :func:`open_classifier` returned for one of these, which saves the time to open it.
        images: Names of files or folders, patterns such as ``"photos/*.jpg"``, ``"example"`` for an image in the package, bytes of
            files, open files, Pillow's images, arrays or tensors (h, w) or (h, w, c) of uint8 or of floats in 0..1, a list of
            these, or one array (n, h, w, c); or the name of a table of pixels, ``.csv`` or ``.tsv``, or of an ``.npz`` file with
            ``x_test`` or ``x``; labels in it are not read.
        top: Classes per image.
        skip_bad_images: Whether to list unreadable image files in the result instead of raising an error.
        single: Whether to treat each image as one digit.
        at_least: The probability, 0..1, from which a prediction ``is_above_threshold``; :func:`convscope.evaluate` finds it for a
            target ``accuracy``.
        pixel_range: Black and white in the images; by default from their values and the training data.

    Raises:
        PictureError: Image files cannot be read; the message names all of them.
        RunError: The run or model file is damaged.
        ConfigError: A parameter is out of range, or the model does not classify images.

    Example:
    >>> convscope.predict("runs/mnist-cnn-standard-0", "example")[0].class_name
    """
    refuse_run(images)
    classifier = run if isinstance(run, Classifier) else open_classifier(run)
    if is_table(images):
        images = read_unlabelled_table(images, trained_on=classifier.trained_on, pixel_range=pixel_range)
    if isinstance(images, UnlabelledTable):
        found = _predict(classifier, images.images, top=top, single=True, at_least=at_least)
        return replace(found, names=tuple(images.names)) if len(found) == len(images) else found
    return _predict(
        classifier,
        images,
        top=top,
        skip_bad_images=skip_bad_images,
        single=single,
        at_least=at_least,
        pixel_range=pixel_range,
    )


def refuse_run(images: object) -> None:
    """Raise a ConfigError if ``images`` are a run: the two arguments were exchanged."""
    is_run = isinstance(images, (str, os.PathLike)) and all(
        os.path.isfile(os.path.join(os.fsdecode(images), name))  # noqa: PTH118 - a path of any length
        for name in (MANIFEST, REQUEST)
    )
    if is_run or isinstance(images, Classifier):
        raise ConfigError(f"images must be images; got the run {images!r}. Pass the run first, and the images after it.")
