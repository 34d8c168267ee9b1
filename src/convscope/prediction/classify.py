"""Classify images: preprocess them, then run the network once."""

from collections.abc import Callable, Iterable, Sequence

import numpy as np

from ..analysis.uncertainty.temperature import log_softmax
from ..data.digits.recognize_dataset import NAMES
from ..data.images.inputs import ImageLike
from ..errors import ConfigError, RunError, option
from ..models.predictor import Predictor
from ..types import Floats, Images, is_number
from .classifier import Classifier
from .predictions import Place, Predictions
from .prepare import prepare


def predict(
    classifier: Classifier,
    images: ImageLike | Iterable[ImageLike],
    *,
    top: int = 3,
    skip_bad_images: bool = False,
    single: bool = False,
    at_least: float = 0.0,
    pixel_range: tuple[float, float] | None = None,
) -> Predictions:
    """Classify ``images``; see :func:`convscope.predict`."""
    if isinstance(top, bool) or not isinstance(top, int | np.integer) or top < 1:
        raise ConfigError(f"top must be an integer of at least 1; got {top!r}.")
    if not is_number(at_least) or not 0 <= at_least <= 1:
        raise ConfigError(f"{option('at_least')} must be a probability from 0 to 1; got {at_least!r}.")
    reads_digits, predictor = set(classifier.class_names) == NAMES, classifier.predictor
    prepared, bad = prepare(
        classifier.fitting,
        images,
        trained_on=classifier.trained_on,
        logits=predictor.logits if reads_digits else None,
        single=single,
        skip_bad_images=skip_bad_images,
        pixel_range=pixel_range,
    )
    features = None
    if classifier.mahalanobis is not None and isinstance(predictor, Predictor) and predictor.has_features:
        features, logits = predictor.features_and_logits(prepared.images)
    else:
        logits = predictor.logits(prepared.images)
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
        prepared.names,
        classifier.class_names,
        prepared.images,
        prepared.preprocessing_steps,
        logits,
        classifier.temperature,
        min(top, logits.shape[1]),
        features,
        classifier.mahalanobis if features is not None else None,
        bad,
        prepared.places,
        classifier.is_calibrated,
        classifier.ood_unavailable_reason,
        at_least,
        prepared.empty,
        classifier.prediction_sets,
        None if classifier.is_calibrated else classifier.uncalibrated_reason,
        turned_sheet_warnings(prepared.names, prepared.places, prepared.images, predictor.logits) if reads_digits else (),
    )


MIN_DIGITS, MIN_GAIN = 3, 0.1
TURNS = {1: "90° counterclockwise", 2: "180°", 3: "90° clockwise"}


def turned_sheet_warnings(
    names: Sequence[str], places: Sequence[Place | None], images: Images, logits: Callable[[Images], Floats]
) -> tuple[str, ...]:
    """Return a sentence for each image file whose digits (n, h, w, 1) are more probable when turned."""
    first = [index for index, place in enumerate(places) if place and place.number == 1 and place.of >= MIN_DIGITS]
    if not first or images.shape[1] != images.shape[2]:
        return ()
    sheets = [slice(index, index + places[index].of) for index in first]  # type: ignore[union-attr]
    rows = np.concatenate([np.arange(sheet.start, sheet.stop) for sheet in sheets])
    confidences = np.full((len(TURNS) + 1, len(images)), np.nan)
    for turn in range(len(TURNS) + 1):
        confidences[turn, rows] = log_softmax(logits(_turned(images[rows], turn)).astype(np.float64)).max(axis=1)
    gains = [confidences[:, sheet].mean(axis=1) - confidences[0, sheet].mean() for sheet in sheets]
    return tuple(
        f"{names[sheet.start]} seems turned: its {sheet.stop - sheet.start} digits are read with more confidence after rotating "
        f"by {TURNS[int(gain.argmax())]}. Rotate it and predict again."
        for sheet, gain in zip(sheets, gains, strict=True)
        if gain.max() >= MIN_GAIN
    )


def _turned(images: Images, turn: int) -> Images:
    """Turn images (n, h, h, c) about pixel (h / 2, h / 2), which is the centre of a digit."""
    side = images.shape[1]
    return np.rot90(np.pad(images, ((0, 0), (0, 1), (0, 1), (0, 0))), turn, axes=(1, 2))[:, :side, :side]
