"""Export to ``model.onnx`` and check it against Keras before it is kept."""

from __future__ import annotations

import contextlib
import json
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from .._version import __version__
from ..data.preprocessing import SCALE
from ..errors import ConvscopeError, MissingBackendError, reason_of
from ..models.network import Network, nodes
from ..models.onnx_file import remember_own
from ..models.onnx_writer.graph import PRODUCER
from ..models.onnx_writer.protobuf import with_metadata
from ..models.onnx_writer.writer import description_of, onnx_bytes
from ..models.predictor import FEATURES, INPUTS, LOGITS, PROBABILITIES, Predictor
from ..models.saving import with_logits
from ..runs import opening
from ..runs.files import ONNX_MODEL
from ..system.files import replacing, write_bytes
from ..system.installation import pip_line
from ..system.stderr import captured_stderr
from ..types import Floats, Images, PathLike
from .metadata import CLASS_NAMES, PIXEL_SCALE, ModelMetadata
from .verification import TOLERANCE, Verification, compare

if TYPE_CHECKING:
    import keras

OUTPUTS = (LOGITS, PROBABILITIES, FEATURES)
"""Names in the order of the file; the converter sorts them alphabetically."""


def export_onnx(
    network: Network,
    path: PathLike,
    *,
    class_names: tuple[str, ...],
    images: Images,
    expected: Floats,
    model: keras.Model | None = None,
) -> Verification:
    """Write ``network``, which ends in a dense layer with a softmax, and check it with ONNX Runtime.

    The file takes (n, h, w, c) float32 in 0..1. Its outputs are ``logits`` and ``probabilities`` (n, k), and ``features``
    (n, d), the input of the last layer. ``expected`` (n, k) are the logits of ``images`` (n, h, w, c) uint8 by what trained the
    network; ``model`` is the same network in Keras, for layers that only Keras' converter knows.

    Raises:
        ConvscopeError: A logit differs by more than 1e-4 (more for large logits); no file is kept.
        MissingBackendError: A layer needs Keras' converter, which is not installed.
    """
    metadata = {CLASS_NAMES: json.dumps(class_names), PIXEL_SCALE: repr(1 / SCALE)}
    with replacing(path) as temporary:
        try:
            # Our own writer takes a millisecond, the converter half a second.
            temporary.write_bytes(onnx_bytes(network, metadata=metadata))
            return compare(Predictor(temporary).logits(images), expected, tolerance=TOLERANCE)
        except ConvscopeError:  # only the converter supports this layer, or does so better
            if model is None:
                raise
        _convert(_with_features(with_logits(model), model), temporary, metadata, description_of(network))
        return compare(Predictor(temporary).logits(images), expected, tolerance=TOLERANCE)


def write_onnx(folder: Path, path: Path, metadata: ModelMetadata) -> None:
    """Write the network of the run in ``folder`` to ``path``."""
    path.write_bytes(with_metadata(opening.read_bytes(folder / ONNX_MODEL), metadata.to_metadata()))


def logits_of_onnx(path: Path, images: Images) -> Floats:
    """Map images (n, h, w, c) uint8 to logits (n, k) float32 with ONNX Runtime."""
    return Predictor(path).logits(images)


def write_metadata(path: PathLike, metadata: ModelMetadata) -> None:
    """Replace the metadata of the ONNX file at ``path`` with those of ``metadata``."""
    write_bytes(path, with_metadata(Path(path).read_bytes(), metadata.to_metadata()))


def _with_features(both: keras.Model, model: keras.Model) -> keras.Model:
    import keras

    features = keras.layers.Identity(name=FEATURES)(nodes(model)[-1].input_tensors[0])
    outputs = {**both.output, FEATURES: features}
    return keras.Model(both.inputs[0], outputs, name=both.name)


def _convert(model: keras.Model, path: Path, metadata: dict[str, str], description: str) -> None:
    try:
        import onnx
        import tf2onnx  # noqa: F401  (Keras imports it by name)
    except ImportError as error:
        raise MissingBackendError(
            f"exporting to ONNX needs the package {error.name!r}, which is not installed. Install it with: {pip_line('cpu')}"
        ) from error
    model(np.zeros((1, *model.input_shape[1:]), np.float32))  # Keras exports only models that were called
    try:
        with _quiet():
            model.export(path, format="onnx", verbose=False)
    except ImportError as error:  # on JAX, Keras' exporter needs another package
        raise MissingBackendError(
            f"exporting this network to ONNX needs a package that is missing ({reason_of(error)}). Train it on TensorFlow: unset "
            "KERAS_BACKEND."
        ) from error
    proto = onnx.load(path)
    _replace_erfc(proto)
    _rename(proto, model.output_names)
    proto.producer_name, proto.producer_version, proto.doc_string = PRODUCER, __version__, description
    onnx.helper.set_model_props(proto, metadata)
    onnx.checker.check_model(proto)
    onnx.save(proto, path)
    remember_own(path.read_bytes())


def _replace_erfc(proto: Any) -> None:
    """Write 1 − erf(x) for erfc(x), of TensorFlow's GELU, which ONNX lacks and the converter passes on."""
    from onnx import helper

    if not any(node.op_type == "Erfc" for node in proto.graph.node):
        return
    nodes = [helper.make_node("Constant", [], ["one_for_erfc"], value_float=1.0)]
    for node in proto.graph.node:
        if node.op_type == "Erfc":
            erf = f"{node.output[0]}_erf"
            nodes.append(helper.make_node("Erf", node.input, [erf]))
            nodes.append(helper.make_node("Sub", ["one_for_erfc", erf], node.output))
        else:
            nodes.append(node)
    del proto.graph.node[:]
    proto.graph.node.extend(nodes)


def _rename(proto: Any, output_names: list[str]) -> None:
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
