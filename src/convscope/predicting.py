"""``predict``: pictures to classes, apart from the other verbs: who asks for one answer waits for no import but its own."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from .data.pictures import PictureLike
from .prediction.classifier import open_classifier
from .prediction.predicting import predict as _predict
from .prediction.predictions import Predictions
from .types import PathLike

if TYPE_CHECKING:
    import keras


def predict(
    run: PathLike | keras.Model,
    images: PictureLike | Iterable[PictureLike],
    *,
    top: int = 3,
    skip_bad_images: bool = False,
    single: bool = False,
    at_least: float = 0.0,
) -> Predictions:
    """Classify pictures with a run, or the name of its folder, or with an ``.onnx`` file of convscope, through ONNX Runtime;
    or through Keras with a ``.keras`` file of :func:`convscope.export`, or a ``keras.Model``: one that takes (n, h, w, c) from 0
    to 1 and ends in a softmax or in logits. Its classes are then called ``"0"``, ``"1"`` and so on.

    ``images``: names of files or folders, patterns such as ``"photos/*.jpg"``, the bytes of files, Pillow's images, arrays
    (h, w) or (h, w, c) of uint8 or of floats 0..1, a list of these, or one array (n, h, w, c). Each is fitted to what the
    network takes, and the result says how. ``top``: classes per picture.

    A network for digits looks for several in each picture (but not in an array of n): there is one prediction for each digit
    then, in reading order, and its ``place`` says where. With ``single`` each picture is one digit. ``at_least``: the
    probability, 0..1, that an answer needs to be ``is_sure_enough``; :func:`convscope.evaluate` finds the one for an ``accuracy``.

    Raises :class:`PictureError` that names every picture that cannot be read; with ``skip_bad_images`` they are left out,
    and listed in the result. :class:`RunError` for a damaged run, :class:`ConfigError` for what is no classifier of pictures.

    >>> convscope.predict("runs/mnist-cnn-standard-0", "four.jpg")[0].class_name
    """
    return _predict(
        open_classifier(run),
        images,
        top=top,
        skip_bad_images=skip_bad_images,
        single=single,
        at_least=at_least,
    )
