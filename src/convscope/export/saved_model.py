"""Export to TensorFlow's SavedModel, a folder for TensorFlow and TensorFlow Serving.

Its endpoint ``serve`` takes (n, h, w, c) float32 in 0..1 and returns ``logits`` and ``probabilities``, (n, k) each. The
metadata are in ``assets.extra``, which TensorFlow reserves for other programs.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ..data.prepare import to_inputs
from ..files import make_folder, write_text
from ..models.backend import full_precision
from ..models.predictor import LOGITS
from ..models.saving import with_logits
from ..stderr import captured_stderr
from ..types import Floats, Images
from .contract import MEMBER, Contract
from .onnx import BATCH_SIZE

if TYPE_CHECKING:
    import keras

EXTRA = "assets.extra"
CONTENTS = frozenset({"saved_model.pb", "fingerprint.pb", "variables", "assets", EXTRA})
"""Files of a SavedModel; a folder with any other file is not replaced."""


def write_saved_model(model: keras.Model, path: Path, contract: Contract) -> None:
    """Write ``model`` as the folder ``path``, which must not exist."""
    with captured_stderr():
        with_logits(model).export(path, format="tf_saved_model", verbose=False)
    make_folder(path / EXTRA)
    write_text(path / EXTRA / MEMBER, contract.to_json())


def logits_of_saved_model(path: Path, images: Images) -> Floats:
    """Map images (n, h, w, c) uint8 to logits (n, k) float32 with TensorFlow."""
    import tensorflow as tf

    loaded = tf.saved_model.load(str(path))
    starts = range(0, len(images) or 1, BATCH_SIZE)
    with full_precision():
        return np.concatenate([loaded.serve(to_inputs(images[start : start + BATCH_SIZE]))[LOGITS] for start in starts])
