"""``model.onnx``: the network for ONNX Runtime and its many languages, checked against Keras before it is kept."""

from __future__ import annotations

import contextlib
import json
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..data.prepare import SCALE, to_inputs
from ..errors import ConvscopeError, MissingBackendError
from ..files import replacing, write_bytes
from ..models.backend import full_precision, remarks_held, require_backend
from ..models.network import from_keras
from ..models.onnx_layers import onnx_bytes
from ..models.predictor import FEATURES, INPUTS, LOGITS, PROBABILITIES, Predictor
from ..models.saving import with_logits
from ..stderr import captured_stderr
from ..types import Floats, Images, Inputs, PathLike
from .agreement import TOLERANCE, Agreement, compare
from .contract import CLASS_NAMES, PIXEL_SCALE, Contract
from .onnx_metadata import with_metadata

if TYPE_CHECKING:
    import keras

OUTPUTS = (LOGITS, PROBABILITIES, FEATURES)
"""In the order in which the file has them; the converter's own is the alphabet's."""
BATCH_SIZE = 500
"""Images that Keras is asked about at a time."""


def export_onnx(model: keras.Model, path: PathLike, *, class_names: tuple[str, ...], check: Images) -> Agreement:
    """Write ``model`` with the outputs ``logits`` and ``probabilities`` (n, k), and ``features`` (n, d), what the last layer
    is given, for an input (n, h, w, c) float32 in 0..1.

    Every image of ``check`` (n, h, w, c) uint8 goes through both; what ONNX Runtime answers is in the result. Raises
    :class:`ConvscopeError`, and keeps no file, where a logit differs by over 1e-4, for large ones a little more;
    :class:`MissingBackendError` for a kind of layer that only Keras' converter knows, where that is not installed.
    """
    with_both = with_logits(model)
    expected = keras_logits(with_both, check)
    metadata = {CLASS_NAMES: json.dumps(class_names), PIXEL_SCALE: repr(1 / SCALE)}
    with replacing(path) as temporary:
        with contextlib.suppress(ConvscopeError):  # a kind of layer that only a converter knows, or knows better
            temporary.write_bytes(onnx_bytes(from_keras(model), metadata=metadata))
            return compare(Predictor(temporary).logits(check), expected, tolerance=TOLERANCE)
        _convert(_with_features(with_both, model), temporary, metadata)
        return compare(Predictor(temporary).logits(check), expected, tolerance=TOLERANCE)


def keras_logits(with_both: keras.Model, images: Images) -> Floats:
    """(n, h, w, c) uint8 → (n, k) float32, of a model from :func:`with_logits`. Without ``predict``, which would first
    spend half a second on a graph; and in full float32, also on a GPU."""
    answer = _answering(with_both)
    starts = range(0, len(images) or 1, BATCH_SIZE)
    with full_precision(), remarks_held():
        parts = [np.asarray(answer(to_inputs(images[start : start + BATCH_SIZE]))) for start in starts]
    return np.concatenate(parts)


def _answering(with_both: keras.Model) -> Callable[[Inputs], Any]:
    """Inputs to logits; on TensorFlow as one graph, which takes half the time of layer after layer, its tracing included."""
    if require_backend() != "tensorflow":
        return lambda inputs: with_both(inputs)[LOGITS]
    import tensorflow as tf

    signature = [tf.TensorSpec((None, *with_both.input_shape[1:]), tf.float32)]

    @tf.function(input_signature=signature, autograph=False)  # type: ignore[untyped-decorator, unused-ignore]
    def answer(inputs: Any) -> Any:
        return with_both(inputs, training=False)[LOGITS]

    return lambda inputs: answer(tf.constant(inputs))


def stamp(path: PathLike, contract: Contract) -> None:
    """Put ``contract`` into the ONNX file at ``path``, in place of what it said before."""
    write_bytes(path, with_metadata(Path(path).read_bytes(), contract.to_metadata()))


def _with_features(both: keras.Model, model: keras.Model) -> keras.Model:
    """``both`` with a third output. It has a layer of its own, so that the converter has a name to call it by."""
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
    model(np.zeros((1, *model.input_shape[1:]), np.float32))  # Keras exports nothing that was never called
    with _quiet():
        model.export(path, format="onnx", verbose=False)
    proto = onnx.load(path)
    _rename(proto, model.output_names)
    onnx.helper.set_model_props(proto, metadata)
    onnx.checker.check_model(proto)
    onnx.save(proto, path)


def _rename(proto: Any, output_names: list[str]) -> None:
    """Call the input ``inputs`` and the outputs what Keras calls them, and put these in order; the converter's own names
    say nothing."""
    renamed = dict(zip((output.name for output in proto.graph.output), output_names, strict=True))
    renamed[proto.graph.input[0].name] = INPUTS
    for value in (*proto.graph.input, *proto.graph.output):
        value.name = renamed[value.name]
    for node in proto.graph.node:
        for places in (node.input, node.output):
            for index, name in enumerate(places):
                places[index] = renamed.get(name, name)
    ordered = sorted(proto.graph.output, key=lambda output: OUTPUTS.index(output.name))
    del proto.graph.output[:]
    proto.graph.output.extend(ordered)


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """The converters warn of things that only they could mend."""
    with warnings.catch_warnings(), captured_stderr():
        warnings.simplefilter("ignore")
        yield
