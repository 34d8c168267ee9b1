"""``model.onnx`` of a run, opened for the images and classes that ``run.json`` describes."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..errors import RunError
from ..models.predictor import Predictor
from .files import ONNX_MODEL, REQUEST
from .opening import REMEDY


def open_predictor(folder: Path, dataset: Mapping[str, Any]) -> Predictor:
    """Return the network of a run; RunError if it takes other images, or gives other classes, than ``dataset`` describes."""
    predictor = Predictor(folder / ONNX_MODEL)
    found, wanted = (*predictor.image_shape, predictor.num_classes), (*dataset["image_shape"], len(dataset["class_names"]))
    if found != wanted:
        raise RunError(
            f"{ONNX_MODEL} in {str(folder)!r} takes images of {found[:-1]} and gives {found[-1]} classes, but {REQUEST} describes "
            f"{wanted[:-1]} and {wanted[-1]}. {REMEDY}"
        )
    return predictor
