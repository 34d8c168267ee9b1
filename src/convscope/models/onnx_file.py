"""Check an ``.onnx`` file before ONNX Runtime opens it.

ONNX Runtime follows references to other files, runs loops and sub-graphs, and takes a file of its own format for a network;
what it refuses differs from one version to the next. This check does not depend on it: a file passes if it has only the fields
of :data:`MODEL`, and in its graph only operators that map arrays to arrays, which is all that convscope and Keras' converter
write. The bytes that passed are those that are opened.
"""

import contextlib
import hashlib
import math
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from ..errors import ConvscopeError, RunError, reason_of, spelled
from ..system.cache_folder import cache_folder
from ..system.files import make_folder
from ..system.regular_files import open_bounded
from ..types import PathLike
from .onnx_writer.protobuf import FIXED32, LENGTH_DELIMITED, VARINT, Field, fields, read_varint, without_metadata

TRUST = "CONVSCOPE_TRUST"
"""Environment variable of ``--trust``; processes that convscope starts inherit it."""
WRITTEN = frozenset(re.findall(r"\w+", """
    Add AveragePool BatchNormalization Celu Concat Conv Div Elu Erf GlobalAveragePool GlobalMaxPool Identity LeakyRelu
    MatMul Max MaxPool Mean Min Mul Pad Relu Reshape Selu Sigmoid Softmax Softplus Sub Sum Tanh ThresholdedRelu Transpose
"""))  # fmt: skip
"""The operators of :mod:`convscope.models.onnx_writer`."""
CONVERTED = frozenset(re.findall(r"\w+", """
    Abs Acos Acosh And ArgMax ArgMin Asin Asinh Atan Atanh Cast Ceil Clip Constant ConstantOfShape ConvTranspose Cos Cosh
    CumSum DepthToSpace Einsum Equal Exp Expand Floor GRU Gather GatherElements GatherND Gemm Greater GreaterOrEqual
    HardSigmoid HardSwish InstanceNormalization IsInf IsNaN LRN LSTM LayerNormalization Less LessOrEqual Log LogSoftmax
    Mod Neg Not OneHot Or PRelu Pow RNN Range Reciprocal ReduceL1 ReduceL2 ReduceLogSumExp ReduceMax ReduceMean ReduceMin
    ReduceProd ReduceSum ReduceSumSquare Resize ReverseSequence Round ScatterND Shape Sign Sin Sinh Size Slice Softsign
    SpaceToDepth Split Sqrt Squeeze Tan Tile TopK Trilu Unsqueeze Where Xor
"""))  # fmt: skip
"""Further ones that Keras' converter makes of layers and of functions of ``keras.ops``; none has a sub-graph, a state or chance."""


class _RefusalError(Exception):
    """What a file holds that is not accepted."""


Fields: TypeAlias = dict[int, Any]
TEXT, BYTES, NUMBERS = "text", "bytes", "numbers"
SUB_GRAPH, ELSEWHERE = _RefusalError("a sub-graph"), _RefusalError("weights in another file")
ENTRY: Fields = {1: TEXT, 2: TEXT}
OPSET: Fields = {1: TEXT, 2: VARINT}
DIMENSION: Fields = {1: VARINT, 2: TEXT, 3: TEXT}
TENSOR_TYPE: Fields = {1: VARINT, 2: {1: DIMENSION}}
VALUE: Fields = {1: TEXT, 2: {1: TENSOR_TYPE, 6: TEXT}, 3: TEXT}
TENSOR: Fields = {
    1: NUMBERS, 2: VARINT, 4: BYTES, 5: BYTES, 7: BYTES, 8: TEXT, 9: BYTES, 10: BYTES, 11: BYTES, 12: TEXT,
    13: ELSEWHERE, 14: ELSEWHERE,
}  # fmt: skip
ATTRIBUTE: Fields = {
    1: TEXT, 2: FIXED32, 3: VARINT, 4: TEXT, 5: TENSOR, 6: SUB_GRAPH, 7: BYTES, 8: NUMBERS,
    9: TEXT, 11: SUB_GRAPH, 13: TEXT, 20: VARINT,
}  # fmt: skip
NODE: Fields = {1: TEXT, 2: TEXT, 3: TEXT, 4: TEXT, 5: ATTRIBUTE, 6: TEXT, 7: TEXT}
GRAPH: Fields = {1: NODE, 2: TEXT, 5: TENSOR, 10: TEXT, 11: VALUE, 12: VALUE, 13: VALUE}
MODEL: Fields = {
    1: VARINT, 2: TEXT, 3: TEXT, 4: TEXT, 5: VARINT, 6: TEXT, 7: GRAPH, 8: OPSET, 14: ENTRY,
    20: _RefusalError("a training"), 25: _RefusalError("functions of its own"),
}  # fmt: skip
"""Numbers of the fields that each message may have, of ONNX' onnx.proto, with what they hold."""
ITEM_BYTES = {1: 4, 2: 1, 3: 1, 4: 2, 5: 2, 6: 4, 7: 8, 9: 1, 10: 2, 11: 8, 12: 4, 13: 8, 16: 2}
"""Bytes of an item of each type of tensor; texts and complex numbers are left out."""
DATA = (4, 5, 7, 9, 10, 11)
MAX_FILE, MAX_METADATA = 2**30, 2**24
MAX_FIELDS, MAX_NODES, MAX_RANK, MAX_NUMBER = 1_000_000, 20_000, 8, 2**31
STANDARD = ("", "ai.onnx")

_made_here: set[str] = set()
"""Digests of networks of this process whose operators are others than those that are accepted."""


def read_onnx_file(path: PathLike) -> bytes:
    """Return the content of an ``.onnx`` file that only computes; RunError for any other file."""
    named = repr(str(Path(path)))
    try:
        with open_bounded(path, MAX_FILE) as file:
            content = file.read()
    except OSError as error:
        raise RunError(f"{named} cannot be read ({reason_of(error)}). Train again, or copy the run folder again.") from error
    try:
        _check_model(_Message(memoryview(content), MODEL, [0]))
    except _RefusalError as found:
        if not (os.environ.get(TRUST) or _is_own(content)):
            remedy = spelled(f"pass --trust, or set {TRUST}=1 in Python", f"set the environment variable {TRUST}=1")
            raise RunError(
                f"{named} is not opened: it holds {found}, and convscope opens only networks that compute and do nothing else. If "
                f"you trust its author, {remedy}."
            ) from None
    except ConvscopeError as error:
        raise RunError(
            f"{named} is no .onnx file of convscope or is damaged. Train again, or copy the run folder again."
        ) from error
    return content


def remember_own(content: bytes) -> None:
    """Record in the user's cache that a network was made here, if its operators are others than those that are accepted."""
    try:
        _check_model(_Message(memoryview(content), MODEL, [0]))
    except _RefusalError:
        _made_here.add(_digest(content))
        with contextlib.suppress(OSError, ConvscopeError):  # without a cache, --trust has to do
            make_folder(_records())
            (_records() / _digest(content)).touch()


def _is_own(content: bytes) -> bool:
    try:
        return _digest(content) in _made_here or (_records() / _digest(content)).is_file()
    except (OSError, ConvscopeError):
        return False


def _records() -> Path:
    return cache_folder() / "own-networks"


def _digest(content: bytes) -> str:
    return hashlib.sha256(without_metadata(content)).hexdigest()


class _Message:
    """The fields of a message, by number; each is one that the ``schema`` accepts."""

    def __init__(self, content: memoryview, schema: Mapping[int, Any], counted: list[int]) -> None:
        self.values: dict[int, list[Any]] = {}
        for field in fields(content):
            counted[0] += 1
            if counted[0] > MAX_FIELDS:
                raise _RefusalError(f"more than {MAX_FIELDS:,} fields")
            kind = schema.get(field.number, _RefusalError("a field that no network of convscope has"))
            if isinstance(kind, _RefusalError):
                raise _RefusalError(*kind.args)
            self.values.setdefault(field.number, []).extend(_read(field, kind, counted))

    def __getitem__(self, number: int) -> list[Any]:
        return self.values.get(number, [])

    def text(self, number: int) -> str:
        return str((self[number] or [""])[-1])


def _read(field: Field, content: Any, counted: list[int]) -> list[Any]:
    value = field.value
    if content == NUMBERS and isinstance(value, memoryview) and field.kind == LENGTH_DELIMITED:
        numbers, offset = [], 0
        while offset < len(value):
            number, offset = read_varint(value, offset)
            numbers.append(number)
        return numbers
    if field.kind != (content if isinstance(content, int) else VARINT if content == NUMBERS else LENGTH_DELIMITED):
        # Numbers of attributes may also stand one by one.
        if content != BYTES or field.kind != FIXED32:
            raise _RefusalError("a field of another type than ONNX' own")
        return [value]
    if isinstance(value, int) or content in (BYTES, FIXED32):
        return [value]
    if content == TEXT:
        try:
            return [str(value, "utf-8")]
        except UnicodeDecodeError:
            raise _RefusalError("a name that is no text") from None
    return [_Message(value, content, counted)]


def _check_model(model: _Message) -> None:
    if len(model[7]) != 1:
        raise _RefusalError("no network, or several")
    if sum(len(text) for entry in model[14] for number in (1, 2) for text in entry[number]) > MAX_METADATA:
        raise _RefusalError(f"metadata of more than {MAX_METADATA // 2**20} MB")
    graph = model[7][0]
    if len(graph[1]) > MAX_NODES:
        raise _RefusalError(f"{len(graph[1]):,} operators, more than {MAX_NODES:,},")
    for tensor in graph[5]:
        _check_tensor(tensor)
    for node in graph[1]:
        kind, domain = node.text(4), node.text(7)
        if kind not in WRITTEN | CONVERTED or domain not in STANDARD:
            raise _RefusalError(f"the operator {f'{domain}.{kind}' if domain else kind!r}"[:80])
        for attribute in node[5]:
            for tensor in attribute[5]:
                _check_tensor(tensor)
            if any(MAX_NUMBER < number < 2**64 - MAX_NUMBER for number in (*attribute[3], *attribute[8])):
                raise _RefusalError(f"an attribute beyond {MAX_NUMBER:,}")


def _check_tensor(tensor: _Message) -> None:
    shape, kinds, stored = tensor[1], tensor[2], [(number, each) for number in DATA for each in tensor[number]]
    if len(kinds) != 1 or kinds[0] not in ITEM_BYTES or len(shape) > MAX_RANK or any(size >= MAX_NUMBER for size in shape):
        raise _RefusalError("weights of a type or shape that no layer has")
    items = 0
    for number, values in stored:
        if number in (5, 7, 11):  # varints: the last byte of each is below 128
            items += int(np.count_nonzero(np.frombuffer(values, np.uint8) < 0x80))
        else:
            items += len(values) // {4: 4, 10: 8}.get(number, ITEM_BYTES[kinds[0]])
    if len(stored) > 1 or items != math.prod(shape):
        raise _RefusalError("weights that are fewer or more than their shape says")
