"""From pictures to predictions: each is opened, fitted and forgotten, several at a time; the network then runs once."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from ..data.digit_steps import Box
from ..data.fitting import AS_IT_IS
from ..data.in_threads import one_thread_each
from ..data.pictures import BadPicture, Named, PictureLike, each_picture, to_levels
from ..errors import ConfigError, PictureError, RunError
from ..models.predictor import Predictor
from ..types import Images
from .classifier import Classifier
from .predictions import Place, Predictions

Item = TypeVar("Item")
Result = TypeVar("Result")


@dataclass(frozen=True, eq=False)
class Fitted:
    """``prepared`` (n, h, w, c), what the network is given; and of each its name, what was done, where it was found."""

    names: tuple[str, ...]
    prepared: Images
    done: tuple[tuple[str, ...], ...]
    places: tuple[Place | None, ...]


def predict(
    classifier: Classifier,
    pictures: PictureLike | Iterable[PictureLike],
    *,
    top: int = 3,
    skip_bad_images: bool = False,
    single: bool = False,
    at_least: float = 0.0,
) -> Predictions:
    """Classify ``pictures``: see :func:`convscope.predict`."""
    if isinstance(top, bool) or not isinstance(top, int) or top < 1:
        raise ConfigError(f"top={top!r} cannot be used; a whole number of at least 1 was expected.")
    if isinstance(at_least, bool) or not 0 <= at_least <= 1:
        raise ConfigError(f"at_least={at_least!r} cannot be used; a probability of 0 to 1 was expected.")
    bad: tuple[BadPicture, ...] = ()
    batch = _as_batch(pictures, classifier.fitting.image_shape)
    if batch is not None and batch.shape[1:] == classifier.fitting.image_shape:
        fitted = _fitted_batch(classifier, batch)
    else:
        single = single or batch is not None  # an array of n pictures gets n answers
        fitted, bad = _opened(classifier, pictures if batch is None else list(batch), single=single)
    if bad and not skip_bad_images:
        raise PictureError("\n".join(each.reason for each in bad))
    features = None
    if classifier.reference is not None and isinstance(classifier.predictor, Predictor):
        features, logits = classifier.predictor.features_and_logits(fitted.prepared)
    else:
        logits = classifier.predictor.logits(fitted.prepared)
    if logits.shape[1] != len(classifier.class_names):
        raise RunError(
            f"the model tells {logits.shape[1]} classes apart and {len(classifier.class_names)} have names; as many of both "
            "were expected. Copy the run folder again, or train again."
        )
    if not np.isfinite(logits).all():
        raise RunError(
            "the network answers with what is no number, so its weights are damaged, or its training went astray; finite numbers "
            "were expected. Copy the run folder again, or train again."
        )
    return Predictions(
        fitted.names,
        classifier.class_names,
        fitted.prepared,
        fitted.done,
        logits,
        classifier.temperature,
        min(top, logits.shape[1]),
        features,
        classifier.reference,
        classifier.feature_distances if features is not None else None,
        bad,
        fitted.places,
        classifier.is_calibrated,
        classifier.unmeasured,
        at_least,
    )


def _opened(
    classifier: Classifier, pictures: PictureLike | Iterable[PictureLike], *, single: bool
) -> tuple[Fitted, tuple[BadPicture, ...]]:
    def fit(picture: Named | BadPicture) -> BadPicture | list[_Entry]:
        if isinstance(picture, BadPicture):
            return picture
        try:
            decoded = picture.open()
        except PictureError as error:
            return BadPicture(picture.name, str(error))
        found = classifier.fitting.fit_each(decoded.pixels, several=not single)
        return [
            (picture.name, each.pixels, (*decoded.done, *each.done), _place(each.box, decoded.scale, number, len(found)))
            for number, each in enumerate(found, 1)
        ]

    results = _in_threads(fit, list(each_picture(pictures)))
    good = [entry for result in results if not isinstance(result, BadPicture) for entry in result]
    shape = classifier.fitting.image_shape
    fitted = Fitted(
        tuple(name for name, _, _, _ in good),
        np.stack([pixels for _, pixels, _, _ in good]) if good else np.empty((0, *shape), np.uint8),
        tuple(done for _, _, done, _ in good),
        tuple(place for _, _, _, place in good),
    )
    return fitted, tuple(result for result in results if isinstance(result, BadPicture))


def _in_threads(work: Callable[[Item], Result], items: Sequence[Item]) -> list[Result]:
    """``[work(item) for item in items]``. Decoding leaves the interpreter to the others; what multiplies matrices stays in its
    thread, but one alone need not wait for that to be arranged."""
    if len(items) <= 1:
        return [work(item) for item in items]
    with one_thread_each(), ThreadPoolExecutor(os.cpu_count()) as pool:
        return list(pool.map(work, items))


_Entry = tuple[str, Images, tuple[str, ...], "Place | None"]


def _place(box: Box | None, scale: float, number: int, of: int) -> Place | None:
    """In the picture's own pixels."""
    if box is None:
        return None
    left, top = round(box.left * scale), round(box.top * scale)
    return Place(left, top, round((box.right + 1) * scale) - left, round((box.bottom + 1) * scale) - top, number, of)


def _as_batch(pictures: Any, image_shape: tuple[int, int, int]) -> npt.NDArray[Any] | None:
    """``pictures`` as one array (n, h, w, c), if it is one, or a list of arrays of one shape that need no fitting.

    An array with three axes is a picture if it could be one of the network's, or ends in 1, 3 or 4 channels; else it is n
    grey pictures.
    """
    if isinstance(pictures, (list, tuple)):
        shapes = {(getattr(each, "shape", None), getattr(each, "dtype", None)) for each in pictures}
        if (
            len(shapes) != 1
            or not isinstance(pictures[0], np.ndarray)
            or pictures[0].shape not in (image_shape, image_shape[:2])
        ):
            return None
        pictures = np.stack(pictures)
    if not isinstance(pictures, np.ndarray) or pictures.ndim not in (3, 4) or pictures.shape == image_shape:
        return None
    if pictures.ndim == 4:
        return pictures
    if pictures.shape[1:] == image_shape[:2] or pictures.shape[2] not in (1, 3, 4):
        return pictures[..., None]
    return None


def _fitted_batch(classifier: Classifier, batch: npt.NDArray[Any]) -> Fitted:
    """Images of the network's own size, most of which need nothing done to them, and not a thought each."""
    images = to_levels(batch, "the batch of pictures")
    done: list[tuple[str, ...]] = [(AS_IT_IS,)] * len(images)
    others = np.flatnonzero(~classifier.fitting.takes_as_they_are(images))
    if others.size:
        images = images.copy()
    for index in others.tolist():
        fitted = classifier.fitting.fit(images[index])
        images[index], done[index] = fitted.pixels, fitted.done
    return Fitted(tuple(f"picture {number}" for number in range(len(images))), images, tuple(done), (None,) * len(images))
