"""Open a trained network to classify image files, with only those files of a run folder that this takes."""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from .._version import __version__
from ..analysis.ood.mahalanobis import MIN_IMAGES, MahalanobisDistance, ReferenceData
from ..analysis.uncertainty.prediction_sets import PredictionSets
from ..data.preprocessing import ImagePreprocessor, preprocessor_for
from ..data.read_options import PixelForm, pixel_form_of
from ..errors import ConfigError, ConvscopeError, RunError
from ..exporters.metadata import ModelMetadata, from_metadata
from ..models.keras_file import is_foreign, refusal
from ..models.predictor import Predictor
from ..runs import opening, run_folder
from ..runs.files import EVIDENCE, EXAMPLES, KNOWN_FILES, METRICS, ONNX_MODEL, REFERENCE_DATA, REQUEST
from ..runs.reading import Calibration, open_predictor, read_calibration, read_request
from ..runs.reference_data import load_reference_data
from ..system.files import path_of
from ..system.forms import Sizes
from ..types import PathLike

if TYPE_CHECKING:
    import keras

    from .keras_predictor import KerasPredictor

NEEDED = frozenset({REQUEST, ONNX_MODEL, METRICS, EVIDENCE, REFERENCE_DATA, EXAMPLES})
"""Files of a run folder that are read and verified; the others may be damaged."""
_runs: WeakKeyDictionary[Any, PathLike] = WeakKeyDictionary()
"""Runs of the Keras models that they handed out, whose preprocessing the models lack."""
NO_CLASS_MEANS = "a model file does not say where its classes lie among the features, the run folder does"


@dataclass(frozen=True, eq=False)
class Classifier:
    """A network with its class names, preprocessing, calibration and reference data."""

    predictor: Predictor | KerasPredictor
    class_names: tuple[str, ...]
    fitting: ImagePreprocessor
    temperature: float = 1.0
    """Divisor of the logits that calibrates the confidence."""
    mahalanobis: MahalanobisDistance | None = None
    is_calibrated: bool = False
    """Whether the temperature was measured; it is 1 otherwise."""
    trained_on: PixelForm | None = None
    """What was done to the pixels of the training data; None if it is not known."""
    ood_unavailable_reason: str | None = None
    """Reason for missing distances, as a clause; None if they can be measured."""
    uncalibrated_reason: str = "the model comes without a temperature"
    """Reason for a missing temperature, as a clause."""
    prediction_sets: tuple[PredictionSets, ...] = ()
    """The rule for the set of classes of each level; none without validation images, and for a model without its run."""

    def __repr__(self) -> str:
        shape = " × ".join(map(str, self.fitting.image_shape))
        return f"Classifier({shape}, {len(self.class_names)} classes)"


def remember_model(model: keras.Model, run: PathLike) -> None:
    """Let predictions with a run's ``model`` be those of the run: with its class names, preprocessing and temperature."""
    _runs[model] = run


def open_classifier(source: PathLike | keras.Model) -> Classifier:
    """Open a run folder, an exported file or a Keras model.

    A model without its run folder has no class means, so it detects nothing that is out of distribution.

    Args:
        source: A run folder, an ``.onnx`` or ``.keras`` file of ``convscope export``, or a ``keras.Model`` that takes
            (n, h, w, c) in 0..1 and ends in a softmax or in logits. A run's own ``model`` is known; of another one, which a
            warning says, classes are numbers and the preprocessing of the training images is unknown.

    Raises:
        RunError: ``source`` is none of these, or is damaged.
        ConfigError: The model does not take images of one size.
    """
    if "keras" in sys.modules and isinstance(source, sys.modules["keras"].Model):
        from .keras_predictor import KerasPredictor  # as below

        predictor = KerasPredictor(source)
        run = _runs.get(source)
        if run is None:
            return _of_model(predictor)
        # The weights may have been trained on since, so that the class means of the run need not be the model's.
        return replace(_of_run(Path(run)), predictor=predictor, mahalanobis=None, ood_unavailable_reason=NO_CLASS_MEANS)
    if not isinstance(source, (str, os.PathLike)):
        raise ConfigError(
            f"cannot predict with a {type(source).__name__}. Pass a run, its folder, an exported .onnx or .keras file, or a "
            "keras.Model."
        )
    path = path_of(source, "run")
    if is_foreign(path):
        raise RunError(refusal(path, "a run folder or the model.onnx of one", retrain=True))
    if path.suffix != ".onnx" and path.name in KNOWN_FILES and run_folder.is_run(path.parent):
        return _of_run(path)  # which names the run
    if path.suffix == ".keras" and not os.path.isdir(path):
        return _of_keras_file(path)
    return _of_file(path) if path.suffix == ".onnx" or os.path.isfile(path) else _of_run(path)


def _of_run(path: Path) -> Classifier:
    run_folder.verify(path, only=())
    return run_folder.read_whole(path, _read_run)


def _read_run(folder: Path) -> Classifier:
    run_folder.verify(folder, only=NEEDED)
    sizes: Sizes = {}
    request = read_request(folder, sizes)
    dataset, calibration = request["dataset"], read_calibration(folder)
    predictor = open_predictor(folder, dataset)
    if predictor.has_features:
        sizes["features"] = predictor.num_features
    reference_data = load_reference_data(folder, sizes)
    return Classifier(
        predictor,
        tuple(dataset["class_names"]),
        preprocessor_for(dataset, reference_data.examples),
        calibration.temperature or 1.0,
        reference_data.mahalanobis,
        calibration.temperature is not None,
        pixel_form_of(dataset),
        _ood_unavailable_reason(folder, predictor, reference_data, calibration, request),
        calibration.missing_because,
        calibration.prediction_sets,
    )


def _ood_unavailable_reason(
    folder: Path, predictor: Predictor, reference: ReferenceData, calibration: Calibration, request: Mapping[str, Any]
) -> str | None:
    if not predictor.has_features:
        return "model.onnx does not expose the last hidden layer"
    if reference.mahalanobis is not None:
        return None
    if any(opening.is_held(folder / name) for name in (EVIDENCE, REFERENCE_DATA)):
        return why_no_distances(calibration.num_validation, request["versions"])
    return f"the run has no reference data; collect them with: convscope report {folder}"


def why_no_distances(num_validation: int, versions: Mapping[str, str]) -> str:
    """Return, as a clause, why a run with evidence has no distances; ``versions`` are those that made it."""
    if num_validation < MIN_IMAGES:
        return f"the run has fewer than {MIN_IMAGES} validation images"
    if versions.get("convscope") != __version__:
        return "an earlier version made the run"
    return "the run's activations are not finite, as after a training that diverged"


def _of_file(path: Path) -> Classifier:
    if not os.path.isfile(path):
        raise RunError(f"there is no file at {str(path)!r}. Pass a run folder, or the model.onnx of one.")
    predictor = Predictor(path)
    try:
        height, width, channels = (int(size) for size in predictor.image_shape)
        return _from_metadata(predictor, from_metadata(predictor.metadata, (height, width, channels)))
    except ConvscopeError:
        raise
    except (KeyError, TypeError, ValueError) as error:
        raise RunError(
            f"{str(path)!r} does not name its classes ({error!r}). Pass an .onnx file that convscope wrote."
        ) from error


def _of_keras_file(path: Path) -> Classifier:
    # A run folder needs none of these, which take 30 of the 200 ms that the imports of `convscope predict` take.
    from ..exporters.metadata import read_metadata
    from ..models.saving import load_model
    from .keras_predictor import KerasPredictor

    predictor = KerasPredictor(load_model(path))
    metadata = read_metadata(path, predictor.image_shape)
    if metadata is None:
        raise RunError(
            f"{str(path)!r} was not written by `convscope export` and names neither classes nor preprocessing. "
            "Pass the run folder."
        )
    return _from_metadata(predictor, metadata)


def _from_metadata(predictor: Predictor | KerasPredictor, metadata: ModelMetadata) -> Classifier:
    return Classifier(
        predictor, metadata.class_names, metadata.fitting, metadata.temperature or 1.0,
        is_calibrated=metadata.temperature is not None, trained_on=metadata.pixels, ood_unavailable_reason=NO_CLASS_MEANS,
    )  # fmt: skip


def _of_model(predictor: KerasPredictor) -> Classifier:
    shape = "x".join(map(str, predictor.image_shape))
    warnings.warn(
        f"nothing is known of how the training images of this model were preprocessed: new ones are only cropped, resized to "
        f"{shape} and scaled to 0..1. Pass the run, its folder or the .keras file of convscope.export for the same preprocessing.",
        stacklevel=5,
    )
    names = tuple(map(str, range(predictor.num_classes)))
    return Classifier(predictor, names, ImagePreprocessor(predictor.image_shape), ood_unavailable_reason=NO_CLASS_MEANS)
