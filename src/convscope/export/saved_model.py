"""TensorFlow's SavedModel: a folder, for TensorFlow Serving and all that TensorFlow runs in.

Its endpoint ``serve`` takes (n, h, w, c) float32 in 0..1 and returns ``logits`` and ``probabilities``, (n, k) each. The
contract lies in ``assets.extra``, the place that TensorFlow leaves to others.
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
"""What such a folder holds; with anything else in it, it is somebody's own."""


def write_saved_model(model: keras.Model, path: Path, contract: Contract) -> None:
    """Write ``model`` as the folder ``path``, which must not be there."""
    with captured_stderr():
        with_logits(model).export(path, format="tf_saved_model", verbose=False)
    make_folder(path / EXTRA)
    write_text(path / EXTRA / MEMBER, contract.to_json())


def logits_of_saved_model(path: Path, images: Images) -> Floats:
    """(n, h, w, c) uint8 → (n, k) float32, of the folder as TensorFlow opens it."""
    import tensorflow as tf

    loaded = tf.saved_model.load(str(path))
    starts = range(0, len(images) or 1, BATCH_SIZE)
    with full_precision():
        return np.concatenate([loaded.serve(to_inputs(images[start : start + BATCH_SIZE]))[LOGITS] for start in starts])
