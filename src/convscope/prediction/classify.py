"""Classify image files: preprocess them in parallel, then run the network once."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from ..data.digits.steps import Box
from ..data.images.inputs import BadPicture, ImageLike, NamedBytes, each_picture, to_levels
from ..data.preprocessing import UNCHANGED
from ..data.threads import one_thread_each
from ..errors import ConfigError, PictureError, RunError
from ..models.predictor import Predictor
from ..types import Images
from .classifier import Classifier
from .predictions import Place, Predictions

Item = TypeVar("Item")

Result = TypeVar("Result")


@dataclass(frozen=True, eq=False)
class Fitted:
    """Preprocessed images ``prepared`` (n, h, w, c), with names, steps and positions."""

    names: tuple[str, ...]
    prepared: Images
    preprocessing_steps: tuple[tuple[str, ...], ...]
    places: tuple[Place | None, ...]


def predict(
    classifier: Classifier,
    images: ImageLike | Iterable[ImageLike],
    *,
    top: int = 3,
    skip_bad_images: bool = False,
    single: bool = False,
    at_least: float = 0.0,
) -> Predictions:
    """Classify ``images``; see :func:`convscope.predict`."""
    if isinstance(top, bool) or not isinstance(top, int) or top < 1:
        raise ConfigError(f"top must be an integer of at least 1; got {top!r}.")
    if isinstance(at_least, bool) or not 0 <= at_least <= 1:
        raise ConfigError(f"at_least must be a probability from 0 to 1; got {at_least!r}.")
    bad: tuple[BadPicture, ...] = ()
    batch = _as_batch(images, classifier.fitting.image_shape)
    if batch is not None and batch.shape[1:] == classifier.fitting.image_shape:
        fitted = _fitted_batch(classifier, batch)
    else:
        single = single or batch is not None  # an array of n images gets n predictions
        fitted, bad = _opened(classifier, images if batch is None else list(batch), single=single)
    if bad and not skip_bad_images:
        raise PictureError("\n".join(each.reason for each in bad))
    features = None
    if classifier.reference is not None and isinstance(classifier.predictor, Predictor):
        features, logits = classifier.predictor.features_and_logits(fitted.prepared)
    else:
        logits = classifier.predictor.logits(fitted.prepared)
    if logits.shape[1] != len(classifier.class_names):
        raise RunError(
            f"the model has {logits.shape[1]} classes but {len(classifier.class_names)} class names. Copy the run folder again, or "
            "train again."
        )
    if not np.isfinite(logits).all():
        raise RunError(
            "the network produced NaN or infinity: its weights are damaged, or its training diverged. Copy the run folder again, "
            "or train again."
        )
    return Predictions(
        fitted.names,
        classifier.class_names,
        fitted.prepared,
        fitted.preprocessing_steps,
        logits,
        classifier.temperature,
        min(top, logits.shape[1]),
        features,
        classifier.reference,
        classifier.feature_distances if features is not None else None,
        bad,
        fitted.places,
        classifier.is_calibrated,
        classifier.ood_unavailable_reason,
        at_least,
    )


def _opened(
    classifier: Classifier, images: ImageLike | Iterable[ImageLike], *, single: bool
) -> tuple[Fitted, tuple[BadPicture, ...]]:
    def fit(file: NamedBytes | BadPicture) -> BadPicture | list[_Entry]:
        if isinstance(file, BadPicture):
            return file
        try:
            decoded = file.open()
        except PictureError as error:
            return BadPicture(file.name, str(error))
        found = classifier.fitting.fit_each(decoded.pixels, several=not single)
        return [
            (file.name, each.pixels, (*decoded.done, *each.done), _place(each.box, decoded.scale, number, len(found)))
            for number, each in enumerate(found, 1)
        ]

    results = _in_threads(fit, list(each_picture(images)))
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
    """Return ``[work(item) for item in items]``, computed in several threads."""
    # Decoding releases Python's lock, so threads help. Matrix products keep to one thread each meanwhile; to arrange that
    # takes time, which a single item need not wait for.
    if len(items) <= 1:
        return [work(item) for item in items]
    with one_thread_each(), ThreadPoolExecutor(os.cpu_count()) as pool:
        return list(pool.map(work, items))


_Entry = tuple[str, Images, tuple[str, ...], "Place | None"]


def _place(box: Box | None, scale: float, number: int, of: int) -> Place | None:
    """Return the position of a digit in the pixels of its image file."""
    if box is None:
        return None
    left, top = round(box.left * scale), round(box.top * scale)
    return Place(left, top, round((box.right + 1) * scale) - left, round((box.bottom + 1) * scale) - top, number, of)


def _as_batch(images: Any, image_shape: tuple[int, int, int]) -> npt.NDArray[Any] | None:
    """Return ``images`` as one array (n, h, w, c) if they are a batch, else None.

    A list of arrays is a batch if all have the network's image shape. An array with three axes is one image if it has that
    shape or ends in 1, 3 or 4 channels; otherwise it is n grey images.
    """
    if isinstance(images, (list, tuple)):
        shapes = {(getattr(each, "shape", None), getattr(each, "dtype", None)) for each in images}
        if (
            len(shapes) != 1
            or not isinstance(images[0], np.ndarray)
            or images[0].shape not in (image_shape, image_shape[:2])
        ):
            return None
        images = np.stack(images)
    if not isinstance(images, np.ndarray) or images.ndim not in (3, 4) or images.shape == image_shape:
        return None
    if images.ndim == 4:
        return images
    if images.shape[1:] == image_shape[:2] or images.shape[2] not in (1, 3, 4):
        return images[..., None]
    return None


def _fitted_batch(classifier: Classifier, batch: npt.NDArray[Any]) -> Fitted:
    """Preprocess images of the network's own size."""
    # Most need nothing, which one vectorized test finds out for all of them.
    images = to_levels(batch, "the batch of images")
    done: list[tuple[str, ...]] = [(UNCHANGED,)] * len(images)
    others = np.flatnonzero(~classifier.fitting.takes_as_they_are(images))
    if others.size:
        images = images.copy()
    for index in others.tolist():
        fitted = classifier.fitting.fit(images[index])
        images[index], done[index] = fitted.pixels, fitted.done
    return Fitted(tuple(f"picture {number}" for number in range(len(images))), images, tuple(done), (None,) * len(images))
