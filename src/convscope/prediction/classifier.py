"""A trained network, ready for pictures: what that takes of a run folder, and no more, so that the first answer comes at
once."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .. import runs
from ..analysis.novelty import Novelty
from ..analysis.yardsticks import Yardsticks
from ..data.fitting import Fitting, fitting_for
from ..errors import ConfigError, ConvscopeError, RunError
from ..export.contract import Contract, from_metadata
from ..model_files import is_foreign, refusal
from ..models.predictor import Predictor
from ..run_files import EVIDENCE, EXAMPLES, METRICS, ONNX_MODEL, REFERENCE_DATA, REQUEST
from ..types import Floats, Images, PathLike
from ..yardsticks_file import load_yardsticks

if TYPE_CHECKING:
    import keras

    from .keras_predictor import KerasPredictor

NEEDED = frozenset({REQUEST, ONNX_MODEL, METRICS, EVIDENCE, REFERENCE_DATA, EXAMPLES})
"""Of a run folder; the other files are not looked at, and may be damaged."""
NO_IMAGES = "a model alone brings no training images to compare with; its run folder does"


@dataclass(frozen=True, eq=False)
class Classifier:
    """A network, the names of its classes, how pictures are fitted to it, and what its answers are held against."""

    predictor: Predictor | KerasPredictor
    class_names: tuple[str, ...]
    fitting: Fitting
    temperature: float = 1.0
    """What logits are divided by, so that confidence is what it says."""
    novelty: Novelty | None = None
    examples: Images | None = None
    """(m, h, w, c) uint8: training images, which distances are measured to."""
    is_calibrated: bool = False
    """Whether the temperature was measured; without that it is 1, and probabilities are as the softmax has them."""
    unmeasured: str | None = None
    """Why there are no distances, in words, where there are none."""

    @cached_property
    def reference(self) -> Floats | None:
        """(m, d) what the network makes of the training images; None where distances cannot be measured."""
        if self.novelty is None or self.examples is None:
            return None
        if not isinstance(self.predictor, Predictor) or not self.predictor.has_features:
            return None
        return self.predictor.features_and_logits(self.examples)[0]


def open_classifier(source: PathLike | keras.Model) -> Classifier:
    """Of a run folder; of the path of an ``.onnx`` or ``.keras`` file that convscope exported; or of a ``keras.Model``, which takes
    (n, h, w, c) from 0 to 1 and ends in a softmax or in logits, and whose classes are numbers.

    A model alone has no training images to hold its answers against. Raises :class:`RunError` for what is none of these,
    :class:`ConfigError` for a model that takes no pictures.
    """
    if "keras" in sys.modules and isinstance(source, sys.modules["keras"].Model):
        from .keras_predictor import KerasPredictor

        return _of_model(KerasPredictor(source))
    if not isinstance(source, (str, os.PathLike)):
        raise ConfigError(
            f"something of type {type(source).__name__} was passed to predict with; a run, the name of its folder, an exported "
            ".onnx or .keras file, or a keras.Model was expected."
        )
    path = Path(source)
    if is_foreign(path):
        raise RunError(refusal(path, "a run folder or the model.onnx of one", retrain=True))
    if path.suffix == ".keras" and not path.is_dir():
        return _of_keras_file(path)
    return _of_file(path) if path.suffix == ".onnx" or path.is_file() else _of_run(path)


def _of_run(folder: Path) -> Classifier:
    runs.verify(folder, only=NEEDED)
    request = runs.read_json(folder / REQUEST)
    yardsticks = load_yardsticks(folder)
    predictor = Predictor(folder / ONNX_MODEL)
    try:
        dataset = request["dataset"]
        temperature = _temperature(runs.read_json(folder / METRICS), yardsticks)
        return Classifier(
            predictor,
            tuple(dataset["class_names"]),
            fitting_for(dataset, yardsticks.examples),
            temperature or 1.0,
            yardsticks.novelty,
            yardsticks.examples,
            temperature is not None,
            _why_unmeasured(folder, predictor, yardsticks),
        )
    except ConvscopeError:
        raise
    except (KeyError, TypeError, ValueError) as error:
        raise RunError(
            f"{str(folder / REQUEST)!r} does not describe a dataset, or {METRICS} a temperature ({error!r}); what "
            "convscope wrote was expected. Copy the run folder again, or train again."
        ) from error


def _why_unmeasured(folder: Path, predictor: Predictor, yardsticks: Yardsticks) -> str | None:
    """Runs of earlier versions that were trained without a report lack it; a report gathers it."""
    if not predictor.has_features:
        return "the run is of an earlier version, whose model.onnx does not say enough; train again"
    if yardsticks.novelty is not None:
        return None
    if (folder / EVIDENCE).is_file():
        return "there were no images to measure it with"
    return f"the run was trained without a report by an earlier version; make one with: convscope report {folder}"


def _temperature(metrics: Mapping[str, Any], yardsticks: Yardsticks) -> float | None:
    """As the run's metrics have it; runs of earlier versions have it in their evidence, if at all."""
    if "doubt" in metrics:
        known = metrics["doubt"]["temperature"]
        return None if known is None else float(known)
    return yardsticks.calibration.temperature if yardsticks.calibration else None


def _of_file(path: Path) -> Classifier:
    if not path.is_file():
        raise RunError(f"there is no file at {str(path)!r}; a run folder, or the model.onnx of one, was expected.")
    predictor = Predictor(path)
    try:
        height, width, channels = (int(size) for size in predictor.image_shape)
        return _by_contract(predictor, from_metadata(predictor.metadata, (height, width, channels)))
    except ConvscopeError:
        raise
    except (KeyError, TypeError, ValueError) as error:
        raise RunError(
            f"{str(path)!r} does not say which classes it knows ({error!r}); an .onnx file that convscope wrote was expected."
        ) from error


def _of_keras_file(path: Path) -> Classifier:
    from ..export.keras_archive import contract_in
    from ..models.saving import load_model
    from .keras_predictor import KerasPredictor

    predictor = KerasPredictor(load_model(path))
    contract = contract_in(path, predictor.image_shape)
    if contract is None:
        raise RunError(
            f"{str(path)!r} does not say which classes it knows, nor how pictures are prepared for it; a .keras file of "
            "`convscope export` was expected. Pass the run folder, or in Python the model itself: "
            "convscope.predict(keras.saving.load_model(...), images)."
        )
    return _by_contract(predictor, contract)


def _by_contract(predictor: Predictor | KerasPredictor, contract: Contract) -> Classifier:
    known = contract.temperature is not None
    return Classifier(
        predictor,
        contract.class_names,
        contract.fitting,
        contract.temperature or 1.0,
        is_calibrated=known,
        unmeasured=NO_IMAGES,
    )


def _of_model(predictor: KerasPredictor) -> Classifier:
    names = tuple(map(str, range(predictor.num_classes)))
    return Classifier(predictor, names, Fitting(predictor.image_shape), unmeasured=NO_IMAGES)
