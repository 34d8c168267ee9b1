"""A trained network, ready for pictures: what that takes of a run folder, and no more, so that the first answer comes at
once."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from .. import archive, runs
from ..analysis.novelty import Novelty
from ..data.fitting import Fitting, fitting_for
from ..errors import ConvscopeError, RunError
from ..models.predictor import Predictor
from ..types import Floats, Images, PathLike

MODEL = "model.onnx"
NEEDED = frozenset({runs.REQUEST, MODEL, archive.EVIDENCE, archive.EXAMPLES})
"""Of a run folder; the other files are not looked at, and may be damaged."""


@dataclass(frozen=True, eq=False)
class Classifier:
    """A network, the names of its classes, how pictures are fitted to it, and what its answers are held against."""

    predictor: Predictor
    class_names: tuple[str, ...]
    fitting: Fitting
    temperature: float = 1.0
    novelty: Novelty | None = None
    examples: Images | None = None
    """(m, h, w, c) uint8: training images, which distances are measured to."""

    @cached_property
    def reference(self) -> Floats | None:
        """(m, d) what the network makes of the training images; None where distances cannot be measured."""
        if self.novelty is None or self.examples is None or not self.predictor.has_features:
            return None
        return self.predictor.features_and_logits(self.examples)[0]


def open_classifier(source: PathLike) -> Classifier:
    """Of a run folder, or of the path of an ``.onnx`` file that convscope wrote. Raises :class:`RunError` for anything else.

    The file alone knows neither how sure to be of its answers nor whether its images were digits: pictures are then resized.
    """
    path = Path(source)
    return _of_file(path) if path.suffix == ".onnx" or path.is_file() else _of_run(path)


def _of_run(folder: Path) -> Classifier:
    runs.verify(folder, only=NEEDED)
    request = runs.read_json(folder / runs.REQUEST)
    yardsticks = archive.load_yardsticks(folder)
    predictor = Predictor(folder / MODEL)
    try:
        dataset = request["dataset"]
        return Classifier(
            predictor,
            tuple(dataset["class_names"]),
            fitting_for(dataset, yardsticks.examples),
            yardsticks.calibration.temperature if yardsticks.calibration else 1.0,
            yardsticks.novelty,
            yardsticks.examples,
        )
    except ConvscopeError:
        raise
    except (KeyError, TypeError, ValueError) as error:
        raise RunError(
            f"{str(folder / runs.REQUEST)!r} does not describe a dataset ({error!r}); what convscope wrote was expected. "
            "Copy the run folder again, or train again."
        ) from error


def _of_file(path: Path) -> Classifier:
    if not path.is_file():
        raise RunError(f"there is no file at {str(path)!r}; a run folder, or the model.onnx of one, was expected.")
    predictor = Predictor(path)
    try:
        class_names = tuple(map(str, json.loads(predictor.metadata["class_names"])))
        height, width, channels = predictor.image_shape
        return Classifier(predictor, class_names, Fitting((int(height), int(width), int(channels))))
    except ConvscopeError:
        raise
    except (KeyError, TypeError, ValueError) as error:
        raise RunError(
            f"{str(path)!r} does not say which classes it knows ({error!r}); an .onnx file that convscope wrote was expected."
        ) from error
