"""Export to LiteRT, and to TensorFlow's SavedModel, a folder for TensorFlow and TensorFlow Serving.

The SavedModel's endpoint ``serve`` takes (n, h, w, c) float32 in 0..1 and returns ``logits`` and ``probabilities``, (n, k)
each. Its metadata are in ``assets.extra``, which TensorFlow reserves for other programs.
"""

from __future__ import annotations

import importlib.util
import warnings
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import MissingBackendError
from ..models.backend import full_precision
from ..models.predictor import LOGITS
from ..models.saving import input_batches, with_logits
from ..system.files import make_folder, write_text
from ..system.stderr import captured_stderr
from ..types import Floats, Images
from .metadata import EXTRA, METADATA_FILE, ModelMetadata

if TYPE_CHECKING:
    import keras

CONTENTS = frozenset({"saved_model.pb", "fingerprint.pb", "variables", "assets", EXTRA})
"""Files of a SavedModel; a folder with any other file is not replaced."""


def is_saved_model(path: Path) -> bool:
    """Return whether the folder ``path`` has the file of the graph."""
    return (path / "saved_model.pb").is_file()


def write_saved_model(model: keras.Model, path: Path, metadata: ModelMetadata) -> None:
    """Write ``model`` as the folder ``path``, which must not exist."""
    import tensorflow as tf

    try:
        with captured_stderr():
            with_logits(model).export(path, format="tf_saved_model", verbose=False)
    except tf.errors.OpError as error:  # "…; No space left on device [Op:SaveV2]"
        raise OSError(0, error.message.rpartition("; ")[2].partition(" [Op")[0]) from error
    make_folder(path / EXTRA)
    write_text(path / EXTRA / METADATA_FILE, metadata.to_json())


def logits_of_saved_model(path: Path, images: Images) -> Floats:
    """Map images (n, h, w, c) uint8 to logits (n, k) float32 with TensorFlow."""
    import tensorflow as tf

    loaded = tf.saved_model.load(str(path))
    with full_precision():
        return np.concatenate([loaded.serve(batch)[LOGITS] for batch in input_batches(images)])


def write_litert(model: keras.Model, path: Path, metadata: ModelMetadata) -> None:
    """Convert ``model`` in float32, without quantization."""
    import keras
    import tensorflow as tf

    if not hasattr(tf, "lite"):
        raise MissingBackendError(
            f"exporting to LiteRT needs tensorflow.lite, which TensorFlow {tf.__version__} lacks. "
            "Install an older version with: pip install 'tensorflow-cpu<2.22'"
        )
    with captured_stderr(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # deprecations inside the converter, which a user cannot act on
        try:
            with_logits(model).export(path, format="litert", verbose=False)
        except ValueError as error:
            if "format" not in str(error):
                raise
            raise MissingBackendError(
                f"exporting to LiteRT needs a newer Keras; {keras.__version__} cannot. Upgrade it with: pip install --upgrade keras"
            ) from error
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(METADATA_FILE, metadata.to_json())


def logits_of_litert(path: Path, images: Images) -> Floats:
    """Map images (n, h, w, c) uint8 to logits (n, k) float32 with the installed runtime."""
    with captured_stderr():
        run = _interpreter(path).get_signature_runner()
        (name,) = run.get_input_details()
        # The runtime's next call overwrites the memory of what it returns: copy.
        return np.concatenate([np.array(run(**{name: batch})[LOGITS]) for batch in input_batches(images)])


def _interpreter(path: Path) -> Any:
    if importlib.util.find_spec("ai_edge_litert") is not None:
        from ai_edge_litert.interpreter import Interpreter

        return Interpreter(str(path))
    import tensorflow as tf

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return tf.lite.Interpreter(str(path))
