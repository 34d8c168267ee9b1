"""Networks of strangers: files that open, run, download or reserve more than a network does.

The files are made with the package ``onnx`` or by hand; what passes is compared with what ONNX Runtime would open.
"""

import io
import json
import os
import warnings
import zipfile
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from convscope.api.run import Run
from convscope.errors import RunError
from convscope.models import onnx_file
from convscope.models.keras_file import CONFIG, METADATA, WEIGHTS, checked_copy
from convscope.models.onnx_file import TRUST, read_onnx_file, remember_own
from convscope.models.onnx_writer.protobuf import integer, message
from convscope.models.predictor import Predictor

from .command import answer_of  # type: ignore[import-not-found]

FLOAT = TensorProto.FLOAT
SHAPE = ["n", 2, 2, 1]
SUB_GRAPH = helper.make_graph(
    [helper.make_node("Identity", ["inputs"], ["out"])], "inner", [], [helper.make_tensor_value_info("out", FLOAT, None)]
)


def network(
    *nodes: onnx.NodeProto, weights: tuple[onnx.TensorProto, ...] = (), is_flat: bool = True, **more: Any
) -> onnx.ModelProto:
    """Return a network from ``inputs`` to ``logits``; ``nodes`` compute ``value`` of it, an image unless it ``is_flat``."""
    value = nodes[-1].output[0] if nodes else "inputs"
    kind, how = ("Identity", {}) if is_flat else ("ReduceMax", {"axes": [2, 3], "keepdims": 0})
    last = helper.make_node(kind, [value], ["logits"], **how)
    graph = helper.make_graph(
        [*nodes, last],
        "net",
        [helper.make_tensor_value_info("inputs", FLOAT, SHAPE)],
        [helper.make_tensor_value_info("logits", FLOAT, None)],
        list(weights),
    )
    opsets = [helper.make_opsetid("", 15), helper.make_opsetid("ai.onnx.ml", 2), helper.make_opsetid("own", 1)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=8, **more)


def node(kind: str, *inputs: str, **attributes: Any) -> onnx.NodeProto:
    return helper.make_node(kind, inputs or ["inputs"], ["value"], **attributes)


def elsewhere(location: str, **entries: str) -> onnx.TensorProto:
    tensor = numpy_helper.from_array(np.zeros(4, np.float32), "weights")
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    for key, value in {"location": location, **entries}.items():
        tensor.external_data.add(key=key, value=value)
    return tensor


def with_tensor(**fields: Any) -> onnx.TensorProto:
    tensor = numpy_helper.from_array(np.zeros((2, 2), np.float32), "weights")
    for name, value in fields.items():
        if isinstance(value, list):
            del getattr(tensor, name)[:]
            getattr(tensor, name).extend(value)
        elif hasattr(value, "SerializeToString"):
            getattr(tensor, name).CopyFrom(value)
        else:
            setattr(tensor, name, value)
    return tensor


def using(tensor: onnx.TensorProto) -> onnx.ModelProto:
    return network(node("Add", "inputs", "weights"), weights=(tensor,))


def with_functions() -> onnx.ModelProto:
    model = network(helper.make_node("Own", ["inputs"], ["value"], domain="own"))
    model.functions.append(
        helper.make_function(
            "own", "Own", ["a"], ["b"], [helper.make_node("Exp", ["a"], ["b"])], [helper.make_opsetid("", 15)]
        )
    )
    return model


def with_metadata(count: int, size: int) -> onnx.ModelProto:
    model = network()
    helper.set_model_props(model, {f"key {number}": "x" * size for number in range(count)})
    return model


LOOP = {"body": SUB_GRAPH}
FIRST = numpy_helper.from_array(np.ones(1, np.float32))
REFUSED: dict[str, Callable[[], onnx.ModelProto | bytes]] = {
    "a loop": lambda: network(node("Loop", "", "", "inputs", **LOOP)),
    "a scan": lambda: network(node("Scan", num_scan_inputs=1, **LOOP)),
    "a condition": lambda: network(node("If", then_branch=SUB_GRAPH, else_branch=SUB_GRAPH)),
    "a sub-graph in an operator without one": lambda: network(node("Relu", body=SUB_GRAPH)),
    "sub-graphs in an operator without one": lambda: network(node("Relu", bodies=[SUB_GRAPH])),
    "a map of a sequence": lambda: network(node("SequenceMap", **LOOP)),
    "a sequence": lambda: network(node("SequenceConstruct")),
    "chance": lambda: network(node("RandomNormalLike")),
    "a coin": lambda: network(node("Bernoulli")),
    "text": lambda: network(node("StringNormalizer")),
    "a picture decoder": lambda: network(node("ImageDecoder")),
    "an operator of ONNX Runtime": lambda: network(
        helper.make_node("FusedConv", ["inputs"], ["value"], domain="com.microsoft")
    ),
    "an operator of another library": lambda: network(
        helper.make_node("PyOp", ["inputs"], ["value"], domain="ai.onnx.contrib")
    ),
    "a tree": lambda: network(helper.make_node("TreeEnsembleRegressor", ["inputs"], ["value"], domain="ai.onnx.ml")),
    "a known operator of another domain": lambda: network(helper.make_node("Relu", ["inputs"], ["value"], domain="own")),
    "functions of its own": with_functions,
    "no operator's name": lambda: network(node("")),
    "another case": lambda: network(node("relu")),
    "weights of a system's file": lambda: using(elsewhere("/etc/passwd")),
    "weights of a neighbour": lambda: using(elsewhere("secret.bin")),
    "weights above the folder": lambda: using(elsewhere("../../secret.bin", offset="0", length="16")),
    "weights in memory": lambda: using(elsewhere("*/_ORT_MEM_ADDR_/*", offset="4096", length="16")),
    "a place without a file": lambda: using(with_tensor(data_location=TensorProto.EXTERNAL)),
    "weights elsewhere in an attribute": lambda: network(node("Constant", value=elsewhere("/etc/passwd"))),
    "a segment": lambda: using(with_tensor(segment=TensorProto.Segment(begin=0, end=1))),
    "fewer weights than the shape says": lambda: using(with_tensor(dims=[2**20, 2**20])),
    "more weights than the shape says": lambda: using(with_tensor(dims=[1])),
    "a shape that overflows": lambda: using(with_tensor(dims=[2**62, 4])),
    "a negative shape": lambda: using(with_tensor(dims=[-2, -2])),
    "nine axes": lambda: using(with_tensor(dims=[1] * 7 + [2, 2])),
    "texts as weights": lambda: using(helper.make_tensor("weights", TensorProto.STRING, [1], [b"x"])),
    "complex weights": lambda: using(helper.make_tensor("weights", TensorProto.COMPLEX64, [1], [1j])),
    "weights of no type": lambda: using(with_tensor(data_type=0)),
    "weights of an unknown type": lambda: using(with_tensor(data_type=99)),
    "weights twice": lambda: using(with_tensor(float_data=[0.0] * 4)),
    "sparse weights": lambda: _with_sparse(),
    "sparse weights in an attribute": lambda: network(node("Constant", sparse_value=_sparse())),
    "an attribute beyond reason": lambda: network(node("Softmax", axis=2**40)),
    "a training": lambda: _with_training(),
    "metadata of 20 MB": lambda: with_metadata(2, 10 * 2**20),
    "a hundred thousand operators": lambda: _chain(30_000),
    "no network": lambda: onnx.ModelProto(ir_version=8),
    "two networks": lambda: network().SerializeToString() * 2,
    "an unknown field": lambda: network().SerializeToString() + message(99, b"x"),
    "an unknown number": lambda: network().SerializeToString() + integer(1000, 1),
    "a field of another type": lambda: network().SerializeToString() + integer(7, 1),
    "a group": lambda: network().SerializeToString() + bytes([7 << 3 | 3, 7 << 3 | 4]),
    "half a file": lambda: network().SerializeToString()[:-7],
    "a length beyond the file": lambda: network().SerializeToString() + bytes([7 << 3 | 2, 0xFF, 0xFF, 0xFF, 0x7F]),
    "a number without an end": lambda: network().SerializeToString() + b"\xff" * 12,
    "nothing": lambda: b"",
    "ONNX Runtime's own format": lambda: b"\x18\x00\x00\x00ORTM" + bytes(64),
    "that format behind the start of the other": lambda: message(6, b"ORTM" + bytes(64)) + network().SerializeToString(),
    "a pickle": lambda: b"\x80\x04cposix\nsystem\n.",
    "a name that is no text": lambda: message(2, b"\xff\xfe") + network().SerializeToString(),
}


def _sparse() -> onnx.SparseTensorProto:
    return helper.make_sparse_tensor(FIRST, numpy_helper.from_array(np.zeros((1, 1), np.int64)), [4])


def _with_sparse() -> onnx.ModelProto:
    model = network()
    model.graph.sparse_initializer.append(_sparse())
    return model


def _with_training() -> onnx.ModelProto:
    model = network()
    model.training_info.add()
    return model


def _chain(length: int) -> onnx.ModelProto:
    names = ["inputs", *(f"v{number}" for number in range(length))]
    return network(*(helper.make_node("Relu", [before], [after]) for before, after in pairwise(names)))


def saved(made: onnx.ModelProto | bytes, folder: Path) -> Path:
    path = folder / "model.onnx"
    path.write_bytes(made if isinstance(made, bytes) else made.SerializeToString())
    return path


@pytest.mark.slow
@pytest.mark.parametrize("name", REFUSED)
def test_a_network_that_does_more_than_compute_is_refused_before_it_is_opened(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(TRUST, raising=False)
    monkeypatch.setattr("convscope.models.predictor._quiet_runtime", None)
    path = saved(REFUSED[name](), tmp_path)
    if name == "that format behind the start of the other":  # a valid file of ONNX, and opened as one
        assert read_onnx_file(path) == path.read_bytes()
        return
    with pytest.raises(RunError, match=r"model\.onnx'.*(not opened|damaged)") as refusal:
        Predictor(path)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize("kind", ["a pipe", "a device", "a folder", "nothing"])
def test_what_is_no_regular_file_is_refused_at_once(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    if kind == "a pipe":
        os.mkfifo(path)
    elif kind == "a device":
        path.symlink_to("/dev/zero")
    elif kind == "a folder":
        path.mkdir()
    with pytest.raises(RunError, match=r"model\.onnx'"):
        Predictor(path)


GROWING = {
    **{
        f"{kind} to terabytes": network(
            helper.make_node(kind, ["inputs", "weights"], ["value"]),
            is_flat=False, weights=(numpy_helper.from_array(np.array([1, 2**20, 2**20, 1]), "weights"),),
        )
        for kind in ("Tile", "Expand")
    },
    "resized to terabytes": network(
        helper.make_node("Resize", ["inputs", "", "weights"], ["value"]),
        is_flat=False, weights=(numpy_helper.from_array(np.array([1, 2**20, 2**20, 1], np.float32), "weights"),),
    ),
    "convolved with a frame": network(
        helper.make_node("Conv", ["inputs", "weights"], ["value"], pads=[2**29] * 4),
        is_flat=False, weights=(numpy_helper.from_array(np.zeros((1, 2, 1, 1), np.float32), "weights"),),
    ),
    "a frame of terabytes": network(
        helper.make_node("Pad", ["inputs", "weights"], ["value"]),
        is_flat=False, weights=(numpy_helper.from_array(np.array([0, 2**20, 2**20, 0] * 2), "weights"),),
    ),
    "an array of terabytes": network(
        helper.make_node("ConstantOfShape", ["weights"], ["large"]),
        helper.make_node("Add", ["inputs", "large"], ["value"]),
        is_flat=False, weights=(numpy_helper.from_array(np.array([2**20, 2**20, 2, 1]), "weights"),),
    ),
    "every row with every column": network(
        helper.make_node("MatMul", ["a", "b"], ["large"]),
        helper.make_node("ReduceSum", ["large"], ["sum"], keepdims=0),
        helper.make_node("Add", ["inputs", "sum"], ["value"]),
        is_flat=False, weights=(
            numpy_helper.from_array(np.zeros((2**19, 1), np.float32), "a"),
            numpy_helper.from_array(np.zeros((1, 2**19), np.float32), "b"),
        ),
    ),
}  # fmt: skip


TAKING_MEMORY = ("resized to terabytes", "a frame of terabytes", "every row with every column")
"""Of which ONNX Runtime tells only as it computes."""


@pytest.mark.parametrize("name", GROWING)
def test_a_network_that_takes_all_memory_ends_in_a_sentence(
    name: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    memory = "needs more memory than is free. Free some, or use a smaller model."
    said = memory if name in TAKING_MEMORY else "ONNX Runtime cannot run the model|damaged"
    with pytest.raises(RunError, match=said):
        Predictor(saved(GROWING[name], tmp_path)).logits(np.zeros((2, 2, 2, 1), np.uint8))
    assert not capfd.readouterr().err


def test_trust_opens_a_network_with_a_loop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = saved(REFUSED["a condition"](), tmp_path)
    monkeypatch.setenv(TRUST, "1")
    assert read_onnx_file(path) == path.read_bytes()


def test_a_network_with_a_loop_that_was_made_here_opens_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(onnx_file, "_made_here", set())
    model = REFUSED["a condition"]()
    assert isinstance(model, onnx.ModelProto)
    remember_own(model.SerializeToString())
    onnx_file._made_here.clear()  # another process
    helper.set_model_props(model, {"class_names": "[]"})
    assert read_onnx_file(saved(model, tmp_path))
    model.graph.node[0].name = "another"
    with pytest.raises(RunError, match="set the environment variable CONVSCOPE_TRUST=1"):
        read_onnx_file(saved(model, tmp_path))


def test_the_error_on_the_command_line_names_the_way_out(tmp_path: Path) -> None:
    path = saved(REFUSED["a condition"](), tmp_path)
    answer = answer_of("predict", path, tmp_path / "x.png", folder=tmp_path)
    assert answer.status == 1
    assert "--trust" in answer.error


Config = dict[str, Any]


def part(module: Any, name: Any, registered: Any = None, **config: Any) -> Config:
    return {"module": module, "class_name": name, "config": {"name": "evil", **config}, "registered_name": registered}


def function(module: Any, name: str, registered: str | None = None) -> Config:
    return {"module": module, "class_name": "function", "config": name, "registered_name": registered or name}


def inside(key: str, value: Any) -> Callable[[Config], None]:
    """Return a change of one setting of the last layer."""
    return lambda config: config["config"]["layers"][-1]["config"].update({key: value})


def beside(layer: Any) -> Callable[[Config], None]:
    """Return a change that inserts one layer."""
    return lambda config: config["config"]["layers"].insert(1, layer)


FUNCTIONS = [
    ("builtins", "eval"), ("builtins", "exec"), ("builtins", "open"), ("builtins", "getattr"), ("builtins", "__import__"),
    ("keras.utils", "get_file"), ("keras.src.utils.file_utils", "get_file"), ("keras.saving", "load_model"),
    ("keras.models", "load_model"), ("keras.config", "enable_unsafe_deserialization"), ("keras.applications", "ResNet50"),
    ("keras.applications.resnet", "ResNet50"), ("keras.datasets.mnist", "load_data"),
    ("keras.activations", "deserialize"), ("keras.activations", "get"), ("keras.ops", "map"), ("keras.ops", "vectorize"),
    ("keras.utils", "set_random_seed"), ("keras.src.saving.serialization_lib", "enable_unsafe_deserialization"),
    ("os", "system"), ("subprocess", "run"), ("keras", "relu"), ("numpy", "load"),
    ("keras.src.activations.activations.os", "relu"), ("kerasx", "relu"), (None, "eval"), ("", "eval"),
    (["keras.activations"], "relu"), ("keras.activations", "relu "), ("KERAS.ACTIVATIONS", "relu"),
]  # fmt: skip
CLASSES = [
    ("keras.layers", "Lambda"), ("keras.src.layers.core.lambda_layer", "Lambda"), ("keras.layers", "TFSMLayer"),
    ("keras.layers", "TorchModuleWrapper"), ("keras.layers", "JaxLayer"), ("keras.layers", "FlaxLayer"),
    ("keras.layers", "Layer"), ("keras.layers", "TextVectorization"), ("keras.layers", "StringLookup"),
    ("keras.layers", "IntegerLookup"), ("keras.layers", "InputSpec"), ("keras", "Model"), ("keras", "Variable"),
    ("keras.callbacks", "RemoteMonitor"), ("keras.callbacks", "TensorBoard"), ("keras.utils", "FeatureSpace"),
    ("keras.applications", "ResNet50"), ("keras.utils", "Config"), ("keras.export", "ExportArchive"),
    ("keras.optimizers", "Adam"), ("keras.losses", "Loss"), ("keras.metrics", "MeanMetricWrapper"),
    ("keras.src.ops.core", "Map"), ("keras.src.ops.core", "WhileLoop"), ("keras.src.ops.core", "VectorizedMap"),
    ("keras.src.ops.linalg", "JVP"), ("keras.src.ops.core", "Dense"), ("keras_hub.layers", "Dense"),
    ("keras.quantizers", "Quantizer"), ("keras.distillation", "Distiller"), ("builtins", "Dense"), ("builtins", "eval"),
    ("os", "system"), ("pickle", "loads"), ("subprocess", "Popen"), ("evil", "Layer"), (None, "Dense"), ("", "Dense"),
    (None, "__lambda__"), (None, "__typespec__"), (None, "__bytes__"), (None, "__numpy_load__"), ("keras.layers", None),
    ("keras.layers", ["Lambda"]), ({}, "Dense"), (7, "Dense"), ("keras.layers", "dense"), ("keras.layers", "Dense\x00"),
    ("keras.layers.", "Dense"), ("keras.layers\n", "Dense"), ("tf_keras.layers", "Dense"),
    ("tensorflow.keras.layers", "Dense"), ("keras.src.legacy.saving.legacy_h5_format", "load_model"),
]  # fmt: skip
FOREIGN: dict[str, Callable[[Config], None]] = {
    **{f"the function {module}.{name}": inside("activation", function(module, name)) for module, name in FUNCTIONS},
    **{f"the layer {module}.{name!r}": beside(part(module, name)) for module, name in CLASSES},
    "another registered name": beside(part("keras.layers", "Dense", "evil>Dense", units=3)),
    "another registered function": inside("activation", function("builtins", "relu", "eval")),
    "no module": beside({"class_name": "Lambda", "config": {}}),
    "a module alone": beside({"module": "os", "config": {}}),
    "a registered name alone": beside({"registered_name": "evil>Dense", "config": {}}),
    "a class in an initializer": inside("kernel_initializer", part("keras.layers", "TFSMLayer", filepath="/tmp")),
    "a class in a regularizer": inside("bias_regularizer", part("evil", "L2")),
    "a class in a policy": inside("dtype", part("evil", "DTypePolicy")),
    "a class in a quantization": inside("quantization_config", part("keras.quantizers", "GPTQConfig")),
    "a class in a list of lists": inside("anything", [[{"a": [part("os", "system")]}]]),
    "a class where it is built": lambda config: config.update(build_config={"input_shape": part("os", "system")}),
    "a class in what a layer reads": beside(
        {**part("keras.layers", "Add"), "inbound_nodes": [{"args": [part("os", "system")]}]}
    ),
    "a class in a tensor": inside("value", {"class_name": "__tensor__", "config": {"value": part("os", "system")}}),
    "a lambda as an activation": inside(
        "activation", {"class_name": "__lambda__", "config": {"value": ["4wAA", None, None]}}
    ),
    "another model altogether": lambda config: config.update(part("builtins", "exec")),
    "a trillion units": inside("units", 10**12),
    "a window of a billion pixels": beside(part("keras.layers", "ZeroPadding2D", padding=[[10**9, 0], [0, 0]])),
}


def changed(source: Path, target: Path, change: Callable[[Config], None] = lambda _: None, **members: bytes | None) -> Path:
    """Copy a ``.keras`` file with another description of its network, or with other members (``weights``, ``metadata``)."""
    with zipfile.ZipFile(source) as old:
        content: dict[str, bytes] = {name: old.read(name) for name in old.namelist()}
    config = json.loads(content[CONFIG])
    change(config)
    content[CONFIG] = json.dumps(config).encode()
    for name, value in members.items():
        content.pop({"weights": WEIGHTS, "metadata": METADATA}[name])
        if value is not None:
            content[{"weights": WEIGHTS, "metadata": METADATA}[name]] = value
    with zipfile.ZipFile(target, "w") as new:
        for name, each in content.items():
            new.writestr(name, each)
    return target


@pytest.mark.parametrize("name", FOREIGN)
def test_a_keras_file_names_parts_of_networks_only(name: str, digits_run: Run, tmp_path: Path) -> None:
    file = changed(digits_run.folder / "model.keras", tmp_path / "evil.keras", FOREIGN[name])
    with pytest.raises(RunError, match=r"evil\.keras'.*(safely|not opened)") as refusal:
        checked_copy(file)
    assert "\n" not in str(refusal.value)


def test_losses_and_optimizers_are_left_out_at_any_depth(digits_run: Run, tmp_path: Path) -> None:
    def compile_all(config: Config) -> None:
        for each in (config, *config["config"]["layers"]):
            each["compile_config"] = part("evil", "Loss")

    file = changed(digits_run.folder / "model.keras", tmp_path / "evil.keras", compile_all)
    with zipfile.ZipFile(io.BytesIO(checked_copy(file))) as copy:
        assert b"evil" not in copy.read(CONFIG)
        assert set(copy.namelist()) == {CONFIG, METADATA, WEIGHTS}


def _weights(make: Callable[[h5py.File], object]) -> bytes:
    buffer = io.BytesIO()
    with h5py.File(buffer, "w") as file:
        make(file)
    return buffer.getvalue()


def _virtual(file: h5py.File) -> None:
    layout = h5py.VirtualLayout((4,), "f4")
    layout[:] = h5py.VirtualSource("/tmp/other.h5", "x", (4,))
    file.create_virtual_dataset("layers/dense/vars/0", layout)


def _set(name: str, value: Any) -> Callable[[h5py.File], object]:
    return lambda file: file.__setitem__(name, value)


WEIGHTS_ELSEWHERE: dict[str, bytes | None] = {
    "a link to another file": _weights(_set("layers", h5py.ExternalLink("/etc/other.h5", "/"))),
    "a link within the file": _weights(_set("layers", h5py.SoftLink("/vars"))),
    "bytes of a system's file": _weights(
        lambda file: file.create_dataset("a", (4,), "u1", external=[("/etc/passwd", 0, 4)])
    ),
    "a view of another file": _weights(_virtual),
    "a terabyte that is not there": _weights(lambda file: file.create_dataset("a", (2**38,), "f4", chunks=(1024,))),
    "a packed gigabyte": _weights(
        lambda file: file.create_dataset("a", (2**28,), "f4", chunks=(2**20,), compression="gzip", fillvalue=1)
    ),
    "texts": _weights(lambda file: file.create_dataset("a", data=["x"], dtype=h5py.string_dtype())),
    "records": _weights(lambda file: file.create_dataset("a", (1,), h5py.vlen_dtype(np.float32))),
    "a group in itself": _weights(lambda file: file.__setitem__("layers", file["/"])),
    "a group twice": _weights(lambda file: file.__setitem__("b", file.create_group("a"))),
    "no HDF5": b"PK",
    "half a file": _weights(lambda file: file.create_dataset("a", data=np.zeros(9999)))[:3000],
    "nothing": b"",
    "none": None,
}


@pytest.mark.parametrize("name", WEIGHTS_ELSEWHERE)
def test_the_weights_of_a_keras_file_stand_in_it(name: str, digits_run: Run, tmp_path: Path) -> None:
    file = changed(digits_run.folder / "model.keras", tmp_path / "evil.keras", weights=WEIGHTS_ELSEWHERE[name])
    with pytest.raises(RunError, match=r"evil\.keras'"):
        checked_copy(file)


@pytest.mark.parametrize(
    "kind", ["two descriptions", "packed by bzip2", "a list", "a number", "no UTF-8", "NaN", "a thousand lists"]
)
@pytest.mark.parametrize("member", [CONFIG, METADATA])
def test_the_zip_and_its_descriptions_are_those_that_keras_writes(
    kind: str, member: str, digits_run: Run, tmp_path: Path
) -> None:
    file = changed(digits_run.folder / "model.keras", tmp_path / "evil.keras")
    with zipfile.ZipFile(file) as old:
        content = {name: old.read(name) for name in old.namelist()}
    texts = {"a list": b"[]", "a number": b"7", "no UTF-8": b"\xff\xfe\xfd", "NaN": b"NaN", "a thousand lists": b"[" * 10**6}
    packing = zipfile.ZIP_BZIP2 if kind == "packed by bzip2" else zipfile.ZIP_STORED
    with warnings.catch_warnings(), zipfile.ZipFile(file, "w", packing) as new:
        warnings.simplefilter("ignore")
        for name, each in {**content, member: texts.get(kind, content[member])}.items():
            new.writestr(name, each)
        if kind == "two descriptions":
            new.writestr(member, content[member])
    with pytest.raises(RunError, match=r"evil\.keras'"):
        checked_copy(file)
