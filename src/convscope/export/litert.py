"""Export to LiteRT, formerly TensorFlow Lite: one ``.tflite`` file for phones and boards.

The metadata follow the network as a zip, as TensorFlow Lite's own tools append labels: unzip opens it, runtimes skip it.
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
    """Convert ``model`` in float32, without quantization.

    Raises:
        MissingBackendError: This TensorFlow has no converter.
    """
    import tensorflow as tf

    if not hasattr(tf, "lite"):
        raise MissingBackendError(
            f"exporting to LiteRT needs tensorflow.lite, which TensorFlow {tf.__version__} lacks. "
            "Install an older version with: pip install 'tensorflow-cpu<2.22'"
        )
    with captured_stderr(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # deprecations inside the converter, which a user cannot act on
        with_logits(model).export(path, format="litert", verbose=False)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(MEMBER, contract.to_json())


def logits_of_litert(path: Path, images: Images) -> Floats:
    """Map images (n, h, w, c) uint8 to logits (n, k) float32 with the installed runtime."""
    with captured_stderr():
        run = _interpreter(path).get_signature_runner()
        (name,) = run.get_input_details()
        starts = range(0, len(images) or 1, BATCH_SIZE)
        # The runtime's next call overwrites the memory of what it returns: copy.
        parts = [np.array(run(**{name: to_inputs(images[start : start + BATCH_SIZE])})[LOGITS]) for start in starts]
    return np.concatenate(parts)


def _interpreter(path: Path) -> Any:
    """Open the file with LiteRT's own package if installed, else with TensorFlow's."""
    if importlib.util.find_spec(RUNTIME) is not None:
        from ai_edge_litert.interpreter import Interpreter

        return Interpreter(str(path))
    import tensorflow as tf

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return tf.lite.Interpreter(str(path))
