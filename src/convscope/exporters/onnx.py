"""Export to ``model.onnx`` and check it against Keras before it is kept."""

from __future__ import annotations

import contextlib
import json
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..data.scaling import SCALE, to_inputs
from ..errors import ConvscopeError, MissingBackendError
from ..models.backend import full_precision, quiet_tensorflow_log, require_backend
from ..models.network import from_keras
from ..models.onnx_writer.protobuf import with_metadata
from ..models.onnx_writer.writer import onnx_bytes
from ..models.predictor import FEATURES, INPUTS, LOGITS, PROBABILITIES, Predictor
from ..models.saving import with_logits
from ..system.files import replacing, write_bytes
from ..system.stderr import captured_stderr
from ..types import Floats, Images, Inputs, PathLike
from .metadata import CLASS_NAMES, PIXEL_SCALE, ModelMetadata
from .verification import TOLERANCE, Verification, compare

if TYPE_CHECKING:
    import keras

OUTPUTS = (LOGITS, PROBABILITIES, FEATURES)
"""Names in the order of the file; the converter sorts them alphabetically."""

BATCH_SIZE = 500
"""Images per batch through Keras."""


def export_onnx(model: keras.Model, path: PathLike, *, class_names: tuple[str, ...], check: Images) -> Verification:
    """Write ``model`` and check it with ONNX Runtime.

    The file takes (n, h, w, c) float32 in 0..1. Its outputs are ``logits`` and ``probabilities`` (n, k), and ``features``
    (n, d), the input of the last layer.

    Args:
        model: A network that ends in a dense layer with a softmax.
        path: The file to write or replace.
        class_names: For the file's metadata.
        check: (n, h, w, c) uint8; images on which both must agree.

    Raises:
        ConvscopeError: A logit differs by more than 1e-4 (more for large logits); no file is kept.
        MissingBackendError: A layer needs Keras' converter, which is not installed.
    """
    with_both = with_logits(model)
    expected = keras_logits(with_both, check)
    metadata = {CLASS_NAMES: json.dumps(class_names), PIXEL_SCALE: repr(1 / SCALE)}
    with replacing(path) as temporary:
        # Our own writer takes a millisecond, the converter half a second.
        with contextlib.suppress(ConvscopeError):  # only the converter supports this layer, or does so better
            temporary.write_bytes(onnx_bytes(from_keras(model), metadata=metadata))
            return compare(Predictor(temporary).logits(check), expected, tolerance=TOLERANCE)
        _convert(_with_features(with_both, model), temporary, metadata)
        return compare(Predictor(temporary).logits(check), expected, tolerance=TOLERANCE)


def keras_logits(with_both: keras.Model, images: Images) -> Floats:
    """Map images (n, h, w, c) uint8 to logits (n, k) in full float32, with a model of :func:`with_logits`."""
    # Without model.predict, which would first spend half a second on a graph.
    logits_of = _logits_function(with_both)
    with full_precision(), quiet_tensorflow_log():
        return np.concatenate([np.asarray(logits_of(batch)) for batch in input_batches(images)])


def input_batches(images: Images) -> Iterator[Inputs]:
    """Yield the images as inputs, in batches; one without images if there are none."""
    for start in range(0, len(images) or 1, BATCH_SIZE):
        yield to_inputs(images[start : start + BATCH_SIZE])


def _logits_function(with_both: keras.Model) -> Callable[[Inputs], Any]:
    # One TensorFlow graph takes half the time of layer after layer, including its tracing.
    if require_backend() != "tensorflow":
        return lambda inputs: with_both(inputs)[LOGITS]
    import tensorflow as tf

    signature = [tf.TensorSpec((None, *with_both.input_shape[1:]), tf.float32)]

    @tf.function(input_signature=signature, autograph=False)  # type: ignore[untyped-decorator, unused-ignore]
    def logits_of(inputs: Any) -> Any:
        return with_both(inputs, training=False)[LOGITS]

    return lambda inputs: logits_of(tf.constant(inputs))


def write_metadata(path: PathLike, metadata: ModelMetadata) -> None:
    """Replace the metadata of the ONNX file at ``path`` with those of ``metadata``."""
    write_bytes(path, with_metadata(Path(path).read_bytes(), metadata.to_metadata()))


def _with_features(both: keras.Model, model: keras.Model) -> keras.Model:
    """Add the output ``features``, as a layer of its own that gives the converter a name."""
    import keras

    features = keras.layers.Identity(name=FEATURES)(model.layers[-1].input)
    outputs = {**both.output, FEATURES: features}
    return keras.Model(both.inputs[0], outputs, name=both.name)


def _convert(model: keras.Model, path: Path, metadata: dict[str, str]) -> None:
    try:
        import onnx
        import tf2onnx  # noqa: F401  (Keras imports it by name)
    except ImportError as error:
        raise MissingBackendError(
            f"exporting to ONNX needs the package {error.name!r}, which is not installed; "
            "install it with: pip install 'convscope[cpu]'"
        ) from error
    model(np.zeros((1, *model.input_shape[1:]), np.float32))  # Keras exports only models that were called
    with _quiet():
        model.export(path, format="onnx", verbose=False)
    proto = onnx.load(path)
    _rename(proto, model.output_names)
    onnx.helper.set_model_props(proto, metadata)
    onnx.checker.check_model(proto)
    onnx.save(proto, path)


def _rename(proto: Any, output_names: list[str]) -> None:
    """Rename the input to ``inputs`` and the outputs to Keras' names, and sort the outputs."""
    renamed = dict(zip((output.name for output in proto.graph.output), output_names, strict=True))
    renamed[proto.graph.input[0].name] = INPUTS
    for value in (*proto.graph.input, *proto.graph.output):
        value.name = renamed[value.name]
    for node in proto.graph.node:
        for names in (node.input, node.output):
            for index, name in enumerate(names):
                names[index] = renamed.get(name, name)
    ordered = sorted(proto.graph.output, key=lambda output: OUTPUTS.index(output.name))
    del proto.graph.output[:]
    proto.graph.output.extend(ordered)


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Silence the converters: a user cannot act on their warnings."""
    with warnings.catch_warnings(), captured_stderr():
        warnings.simplefilter("ignore")
        yield
