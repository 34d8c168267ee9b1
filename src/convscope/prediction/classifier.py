"""A trained network, ready for pictures: what that takes of a run folder, and no more, so that the first answer comes at
once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from .. import archive, runs
from ..analysis.novelty import Novelty
from ..analysis.yardsticks import Yardsticks
from ..data.fitting import Fitting, fitting_for
from ..errors import ConvscopeError, RunError
from ..export.contract import from_metadata
from ..model_files import is_foreign, refusal
from ..models.predictor import Predictor
from ..types import Floats, Images, PathLike

MODEL = "model.onnx"
NEEDED = frozenset({runs.REQUEST, MODEL, archive.METRICS, archive.EVIDENCE, archive.EXAMPLES})
"""Of a run folder; the other files are not looked at, and may be damaged."""


@dataclass(frozen=True, eq=False)
class Classifier:
    """A network, the names of its classes, how pictures are fitted to it, and what its answers are held against."""

    predictor: Predictor
    class_names: tuple[str, ...]
    fitting: Fitting
    temperature: float = 1.0
    """What logits are divided by, so that confidence is what it says."""
    novelty: Novelty | None = None
    examples: Images | None = None
    """(m, h, w, c) uint8: training images, which distances are measured to."""
    is_calibrated: bool = False
    """Whether the temperature was measured; without that it is 1, and probabilities are as the softmax has them."""

    @cached_property
    def reference(self) -> Floats | None:
        """(m, d) what the network makes of the training images; None where distances cannot be measured."""
        if self.novelty is None or self.examples is None or not self.predictor.has_features:
            return None
        return self.predictor.features_and_logits(self.examples)[0]


def open_classifier(source: PathLike) -> Classifier:
    """Of a run folder, or of the path of an ``.onnx`` file that convscope wrote. Raises :class:`RunError` for anything else.

    The file alone knows what it wants of pictures, but has no training images to hold its answers against.
    """
    path = Path(source)
    if is_foreign(path):
        raise RunError(refusal(path, "a run folder or the model.onnx of one", retrain=True))
    return _of_file(path) if path.suffix == ".onnx" or path.is_file() else _of_run(path)


def _of_run(folder: Path) -> Classifier:
    runs.verify(folder, only=NEEDED)
    request = runs.read_json(folder / runs.REQUEST)
    yardsticks = archive.load_yardsticks(folder)
    predictor = Predictor(folder / MODEL)
    try:
        dataset = request["dataset"]
        temperature = _temperature(runs.read_json(folder / archive.METRICS), yardsticks)
        return Classifier(
            predictor,
            tuple(dataset["class_names"]),
            fitting_for(dataset, yardsticks.examples),
            temperature or 1.0,
            yardsticks.novelty,
            yardsticks.examples,
            temperature is not None,
        )
    except ConvscopeError:
        raise
    except (KeyError, TypeError, ValueError) as error:
        raise RunError(
            f"{str(folder / runs.REQUEST)!r} does not describe a dataset, or {archive.METRICS} a temperature ({error!r}); what "
            "convscope wrote was expected. Copy the run folder again, or train again."
        ) from error


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
        contract = from_metadata(predictor.metadata, (height, width, channels))
        known = contract.temperature is not None
        return Classifier(
            predictor, contract.class_names, contract.fitting, contract.temperature or 1.0, is_calibrated=known
        )
    except ConvscopeError:
        raise
    except (KeyError, TypeError, ValueError) as error:
        raise RunError(
            f"{str(path)!r} does not say which classes it knows ({error!r}); an .onnx file that convscope wrote was expected."
        ) from error
