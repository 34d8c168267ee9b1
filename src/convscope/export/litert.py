"""LiteRT, which was TensorFlow Lite: one ``.tflite`` file for phones and small boards.

The contract is in the file as TensorFlow Lite's own metadata tools put a list of labels into one: as a zip behind the network,
which every unzip opens and every runtime passes over.
"""

from __future__ import annotations

import importlib.util
import warnings
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..data.prepare import to_inputs
from ..errors import MissingBackendError
from ..models.predictor import LOGITS
from ..models.saving import with_logits
from ..stderr import captured_stderr
from ..types import Floats, Images
from .contract import MEMBER, Contract
from .onnx import BATCH_SIZE

if TYPE_CHECKING:
    import keras

RUNTIME = "ai_edge_litert"


def write_litert(model: keras.Model, path: Path, contract: Contract) -> None:
    """Convert ``model`` in float32, with nothing quantised. Raises :class:`MissingBackendError` without a converter."""
    import tensorflow as tf

    if not hasattr(tf, "lite"):
        raise MissingBackendError(
            f"exporting to LiteRT needs TensorFlow's converter, which TensorFlow {tf.__version__} has no more; a version "
            "with tensorflow.lite was expected. Install it with: pip install 'tensorflow-cpu<2.22'"
        )
    with captured_stderr(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of deprecations, which only the converter could mend
        with_logits(model).export(path, format="litert", verbose=False)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(MEMBER, contract.to_json())


def logits_of_litert(path: Path, images: Images) -> Floats:
    """(n, h, w, c) uint8 → (n, k) float32, through the runtime that is installed."""
    with captured_stderr():
        run = _interpreter(path).get_signature_runner()
        (name,) = run.get_input_details()
        starts = range(0, len(images) or 1, BATCH_SIZE)
        # What the runtime returns lies in memory that its next call writes over.
        parts = [np.array(run(**{name: to_inputs(images[start : start + BATCH_SIZE])})[LOGITS]) for start in starts]
    return np.concatenate(parts)


def _interpreter(path: Path) -> Any:
    """LiteRT's own package where it is installed, else the one inside TensorFlow."""
    if importlib.util.find_spec(RUNTIME) is not None:
        from ai_edge_litert.interpreter import Interpreter

        return Interpreter(str(path))
    import tensorflow as tf

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return tf.lite.Interpreter(str(path))
