"""Opening a ``.keras`` file never runs code from it, however the file was made."""

from __future__ import annotations

import json
import re
import shutil
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import convscope
from convscope.api.run import Run
from convscope.errors import RunError, for_command_line
from convscope.models import keras_file
from convscope.models.backend import require_backend
from convscope.models.keras_file import checked_copy
from convscope.models.keras_names import ACTIVATIONS, CONSTRAINTS, INITIALIZERS
from convscope.models.saving import load_model
from convscope.runs import run_folder

from ..gold_files import GoldFiles  # type: ignore[import-not-found]

require_backend()
import keras  # noqa: E402

Config = dict[str, Any]
watched: list[str] = []
WATCH = {"os.system", "subprocess.Popen", "os.exec", "os.posix_spawn", "socket.connect", "webbrowser.open"}
_hooked = False


def _hook(event: str, arguments: tuple[Any, ...]) -> None:
    if event in WATCH:
        watched.append(event)


@pytest.fixture
def audited() -> Iterator[list[str]]:
    """Return the processes and connections that a test starts, from one audit hook."""
    global _hooked
    if not _hooked:
        sys.addaudithook(_hook)
        _hooked = True
    watched.clear()
    yield watched
    watched.clear()


def rewritten(source: Path, target: Path, change: Callable[[Config], Any]) -> Path:
    """Copy a ``.keras`` file with another description of its network."""
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            if name == "config.json":
                content = json.dumps(change(json.loads(content))).encode()
            new.writestr(name, content)
    return target


def with_layer(layer: Config) -> Callable[[Config], Config]:
    def change(config: Config) -> Config:
        config["config"]["layers"].insert(1, layer)
        return config

    return change


def with_activation(activation: Any) -> Callable[[Config], Config]:
    def change(config: Config) -> Config:
        config["config"]["layers"][1]["config"]["activation"] = activation
        return config

    return change


def layer(module: str | None, name: str, registered: str | None = None, **config: Any) -> Config:
    return {"module": module, "class_name": name, "config": {"name": "evil", **config}, "registered_name": registered}


LAMBDA = {"class_name": "__lambda__", "config": {"code": "4wAAAA==", "defaults": None, "closure": None}}
HOSTILE: dict[str, Callable[[Config], Any]] = {
    "a Lambda with marshalled code": with_layer(layer("keras.layers", "Lambda", function=LAMBDA, arguments={})),
    "a Lambda within a wrapper": with_layer(
        layer("keras.layers", "TimeDistributed", layer=layer("keras.layers", "Lambda", function=LAMBDA))
    ),
    "a class of the operating system": with_layer(layer("os", "system", command="touch EVIL")),
    "a class of a process": with_layer(layer("subprocess", "Popen", args=["touch", "EVIL"])),
    "the unpickler": with_layer(layer("pickle", "loads", data="")),
    "a foreign module": with_layer(layer("evil_module", "Layer")),
    "a registered class": with_layer(layer(None, "Layer", registered="evil>Layer")),
    "a SavedModel in a layer": with_layer(layer("keras.layers", "TFSMLayer", filepath="/tmp/evil")),
    "a function that fetches": with_activation(
        {"module": "keras.utils", "class_name": "function", "config": "get_file", "registered_name": "get_file"}
    ),
    "a function that opens models": with_activation(
        {"module": "keras.models", "class_name": "function", "config": "load_model", "registered_name": "load_model"}
    ),
    "a function that switches safe mode off": with_activation(
        {"module": "keras.config", "class_name": "function", "config": "enable_unsafe_deserialization"}
    ),
    "a lambda as an activation": with_activation(LAMBDA),
    "another model altogether": lambda config: layer("builtins_evil", "exec"),
}


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("safe", [True, False])
def test_a_file_with_code_in_it_is_not_opened(
    name: str, safe: bool, digits_run: Run, tmp_path: Path, audited: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Keras' safe mode may be off for the whole process."""
    monkeypatch.chdir(tmp_path)
    file = rewritten(digits_run.folder / "model.keras", tmp_path / "evil.keras", HOSTILE[name])
    if not safe:
        keras.config.enable_unsafe_deserialization()
    try:
        before = set(sys.modules)
        with pytest.raises(RunError, match=r"evil\.keras'") as raised:
            load_model(file)
    finally:
        keras.src.backend.common.global_state.set_global_attribute("safe_mode_saving", None)
    assert not audited
    assert not {name for name in set(sys.modules) - before if not name.startswith(("keras", "tensorflow"))}
    assert not (tmp_path / "EVIL").exists()
    assert "file.py:build" in str(raised.value)


def test_a_real_lambda_saved_by_keras_is_not_opened(tmp_path: Path) -> None:
    mark = str(tmp_path / "ran")
    network = keras.Sequential(
        [keras.Input((2,)), keras.layers.Lambda(lambda inputs: (open(mark, "a").close(), inputs)[1], output_shape=(2,))]
    )
    network.save(tmp_path / "model.keras")
    Path(mark).unlink(missing_ok=True)
    with pytest.raises(RunError, match="Lambda"):
        load_model(tmp_path / "model.keras")
    assert not Path(mark).exists()


def test_every_network_of_our_own_passes(digits_run: Run) -> None:
    checked_copy(digits_run.folder / "model.keras")


@pytest.mark.slow
def test_every_accepted_name_is_one_of_keras_and_is_opened_again(tmp_path: Path) -> None:
    inputs = keras.Input((8, 8, 2))
    values = keras.ops.relu(keras.ops.mean(inputs * 2 + 1, axis=-1, keepdims=True)[:, :4] @ keras.ops.ones((1, 3)))
    branches = [keras.layers.Flatten()(values)]
    for name in sorted(ACTIVATIONS - {"glu", "threshold"}):
        branches.append(keras.layers.Dense(2, activation=name)(branches[0]))
    hidden = keras.layers.Dense(
        3,
        activation=keras.layers.LeakyReLU(0.1),
        kernel_initializer=keras.initializers.HeNormal(seed=2**31),
        kernel_regularizer="l2",
        bias_constraint=keras.constraints.MaxNorm(2),
        dtype="mixed_bfloat16",
    )(keras.layers.Concatenate()(branches))
    network = keras.Model(inputs, keras.layers.Dense(3, activation="softmax", dtype="float32")(hidden))
    network.save(tmp_path / "model.keras")
    images = np.random.default_rng(0).random((2, 8, 8, 2), np.float32)
    assert np.array_equal(load_model(tmp_path / "model.keras")(images), network(images))
    for names, module in (
        (ACTIVATIONS, keras.activations),
        (INITIALIZERS, keras.initializers),
        (CONSTRAINTS, keras.constraints),
    ):
        assert all(hasattr(module, name) for name in names)


class OwnLoss(keras.losses.Loss):  # type: ignore[misc]
    def call(self, truth: Any, predicted: Any) -> Any:
        raise AssertionError("it runs")


def test_a_users_own_loss_and_optimizer_are_left_closed_and_the_network_is_opened(tmp_path: Path) -> None:
    network = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3, activation="softmax")])
    network.compile(optimizer="adam", loss=OwnLoss())
    network.optimizer.build(network.trainable_variables)
    network.save(tmp_path / "compiled.keras")
    opened = load_model(tmp_path / "compiled.keras")
    assert not opened.compiled
    assert all((old == new).all() for old, new in zip(opened.get_weights(), network.get_weights(), strict=True))


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda path: path.write_bytes(b"nonsense"), ""),
        (lambda path: path.write_bytes(path.read_bytes()[:-200]), ""),
        (lambda path: _without(path, "config.json"), "config.json"),
        (lambda path: _instead(path, "config.json", b"[" * 100_000), "recursion"),
        (lambda path: _instead(path, "config.json", b" " * (17 * 2**20)), r"'config\.json'"),
        (lambda path: _instead(path, "model.weights.h5", bytes(64 * 2**20)), r"'model\.weights\.h5'"),
    ],
)
def test_a_damaged_file_is_refused_before_keras_sees_it(
    spoil: Callable[[Path], object], words: str, digits_run: Run, tmp_path: Path
) -> None:
    file = Path(shutil.copy(digits_run.folder / "model.keras", tmp_path / "model.keras"))
    spoil(file)
    with pytest.raises(RunError, match=rf"model\.keras'.*{words}"):
        checked_copy(file)


def _without(path: Path, name: str) -> None:
    _instead(path, name, None)


def _instead(path: Path, name: str, content: bytes | None) -> None:
    with zipfile.ZipFile(path) as old:
        members = {each: old.read(each) for each in old.namelist()}
    members.pop(name)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
        for each, kept in members.items():
            new.writestr(each, kept)
        if content is not None:
            new.writestr(name, content)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("net.h5", r'keras\.saving\.load_model\("net\.h5"\)\.save\("net\.keras"\)'),
        (
            "net.weights.h5",
            r'model\.load_weights\("net\.weights\.h5"\); model\.save\("net\.keras"\)',
        ),
        ("NET.HDF5", r'load_model\("NET\.HDF5"\)'),
        ("net.pt", r"net\.pt'.*file\.py:build"),
    ],
)
def test_older_formats_get_a_conversion_that_fits(name: str, words: str, tmp_path: Path) -> None:
    for content in (b"", b"\x89HDF\r\n\x1a\n"):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(RunError, match=words):
            load_model(tmp_path / name)


def test_the_suggested_conversion_works(tmp_path: Path) -> None:
    import warnings

    network = keras.Sequential([keras.Input((4, 4, 1)), keras.layers.Flatten(), keras.layers.Dense(3, activation="softmax")])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        network.save(tmp_path / "net.h5")
    with pytest.raises(RunError) as raised:
        load_model(tmp_path / "net.h5")
    line = re.search(r"keras\.saving\.load_model\(.*\.save\(\S+\)", str(raised.value))
    assert line
    import os

    before = Path.cwd()
    os.chdir(tmp_path)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            exec(line[0], {"keras": keras})
    finally:
        os.chdir(before)
    assert load_model(tmp_path / "net.keras").output_shape == (None, 3)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["net.h5", "net.hdf5", "net.weights.h5", "net.pt", "net.pkl"])
def test_a_model_in_a_foreign_format_is_refused_in_place_of_a_run(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_bytes(b"\x89HDF\r\n\x1a\n")
    for ask in (
        run_folder.verify,
        convscope.evaluate,
        convscope.report,
        convscope.export,
        lambda given: convscope.predict(given, b""),
        convscope.serve,
    ):
        with pytest.raises(RunError, match=rf'{name}.*convscope\.train\(data, model="(net\.keras|file\.py:build)"\)'):
            ask(path)


def test_another_file_in_place_of_a_run_is_refused(tmp_path: Path) -> None:
    (tmp_path / "photo.jpg").write_bytes(b"")
    with pytest.raises(RunError, match=r"photo\.jpg'"):
        run_folder.verify(tmp_path / "photo.jpg")


def test_the_case_of_endings_is_ignored() -> None:
    assert keras_file.is_foreign("A.H5")
    assert not keras_file.is_foreign("a.keras")
    assert not keras_file.is_foreign("runs/mnist.h5/run")


def test_every_refusal_names_a_way_to_convert_the_file(gold: GoldFiles) -> None:
    names = ("net.h5", "net.weights.h5", "net.pt")
    with for_command_line():
        gold("model_files", "\n".join(keras_file.refusal(name, "a .keras file", retrain=True) for name in names))
