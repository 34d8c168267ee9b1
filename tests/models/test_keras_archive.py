from __future__ import annotations

import io
import json
import re
import subprocess
import sys
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import h5py  # type: ignore[import-untyped]
import numpy as np
import pytest

from convscope.errors import ConfigError, OutputError
from convscope.models.backend import require_backend
from convscope.models.keras_file import checked_copy
from convscope.models.keras_model import CONFIG, KERAS_VERSION, METADATA, WEIGHTS, to_keras, write_keras_archive
from convscope.models.network import Layer, Network, from_keras
from convscope.models.saving import load_model

from .keras_networks import BUILDS, KERAS_MODELS, shaken  # type: ignore[import-not-found]

require_backend()
import keras  # noqa: E402

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module", params=sorted(BUILDS))
def network(request: pytest.FixtureRequest) -> Network:
    return from_keras(shaken(BUILDS[request.param]()))


@pytest.fixture
def small() -> Network:
    return from_keras(KERAS_MODELS["cnn"]((12, 12, 1), 3))


def members(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


def tree(content: bytes) -> dict[str, tuple[Any, ...]]:
    """Return every group and dataset of an HDF5 file with its attributes and bytes."""
    found: dict[str, tuple[Any, ...]] = {}
    with h5py.File(io.BytesIO(content)) as file:
        file.visititems(
            lambda name, node: found.__setitem__(
                name,
                (dict(node.attrs), (node.dtype, node.shape, node[()].tobytes()) if isinstance(node, h5py.Dataset) else None),
            )
        )
    return found


@pytest.mark.slow
def test_keras_opens_the_file_safely_and_computes_the_same_bits(network: Network, tmp_path: Path) -> None:
    write_keras_archive(network, tmp_path / "model.keras")
    checked_copy(tmp_path / "model.keras")
    opened = keras.saving.load_model(tmp_path / "model.keras", safe_mode=True, compile=False)
    assert type(opened) is keras.Sequential
    assert from_keras(opened).description() == network.description()
    inputs = np.random.default_rng(0).random((3, *network.input_shape), np.float32)
    assert np.array_equal(opened(inputs), to_keras(network)(inputs))


def test_convscopes_own_loader_opens_the_file(small: Network, tmp_path: Path) -> None:
    write_keras_archive(small, tmp_path / "model.keras")
    assert from_keras(load_model(tmp_path / "model.keras")).description() == small.description()


@pytest.mark.slow
def test_the_weights_lie_where_keras_puts_them(network: Network, tmp_path: Path) -> None:
    write_keras_archive(network, tmp_path / "ours.keras")
    to_keras(network).save(tmp_path / "kerass.keras")
    ours, kerass = members(tmp_path / "ours.keras"), members(tmp_path / "kerass.keras")
    assert list(ours) == list(kerass)
    assert tree(ours[WEIGHTS]) == tree(kerass[WEIGHTS])


@pytest.mark.slow
def test_a_loaded_model_has_the_same_configuration_as_one_that_keras_saved(network: Network, tmp_path: Path) -> None:
    write_keras_archive(network, tmp_path / "ours.keras")
    to_keras(network).save(tmp_path / "kerass.keras")
    ours, kerass = (keras.saving.load_model(tmp_path / f"{name}.keras") for name in ("ours", "kerass"))
    (first, *layers), (kerass_first, *kerass_layers) = ours.get_config()["layers"], kerass.get_config()["layers"]
    assert json.dumps(layers) == json.dumps(kerass_layers)
    assert first["config"] == {**kerass_first["config"], "name": "input_layer"}  # Keras counts the inputs of a session


@pytest.mark.slow
def test_the_loaded_model_can_be_trained(small: Network, tmp_path: Path) -> None:
    write_keras_archive(small, tmp_path / "model.keras")
    model = keras.saving.load_model(tmp_path / "model.keras")
    assert len(model.trainable_variables) == len(small.weight_arrays())
    model.compile("sgd", "sparse_categorical_crossentropy")
    before = model.get_weights()
    model.fit(np.ones((4, 12, 12, 1), np.float32), np.zeros(4), verbose=0)
    assert not np.array_equal(before[-1], model.get_weights()[-1])


@pytest.mark.slow
def test_the_same_network_gives_the_same_bytes_in_another_process_and_second(small: Network, tmp_path: Path) -> None:
    network = replace(small, layers=tuple(replace(layer, weights=_ramps(layer)) for layer in small.layers))
    write_keras_archive(network, tmp_path / "first.keras")
    np.savez(tmp_path / "weights.npz", **{name.replace("/", "|"): array for name, array in network.weight_arrays().items()})
    (tmp_path / "description.json").write_text(json.dumps(network.description()))
    program = (
        "import json, sys, time, numpy as np\n"
        "from convscope.models.keras_model import write_keras_archive\n"
        "from convscope.models.network import from_description\n"
        "arrays = {name.replace('|', '/'): array for name, array in np.load('weights.npz').items()}\n"
        "time.sleep(1.1)\n"
        "write_keras_archive(from_description(json.load(open('description.json')), arrays), 'second.keras')\n"
        "assert not {'keras', 'tensorflow', 'jax'} & set(sys.modules), sorted(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True, cwd=tmp_path)
    assert (tmp_path / "first.keras").read_bytes() == (tmp_path / "second.keras").read_bytes()


def _ramps(layer: Layer) -> dict[str, Any]:
    return {
        name: np.linspace(0, 1, array.size, dtype=np.float32).reshape(array.shape) for name, array in layer.weights.items()
    }


def test_more_metadata_go_beside_keras_own(small: Network, tmp_path: Path) -> None:
    write_keras_archive(small, tmp_path / "model.keras", {"convscope": {"class_names": ["ä", "b", "c"]}})
    document = json.loads(members(tmp_path / "model.keras")[METADATA])
    assert document == {"keras_version": KERAS_VERSION, "convscope": {"class_names": ["ä", "b", "c"]}}
    keras.saving.load_model(tmp_path / "model.keras")


def test_the_version_is_the_oldest_that_the_package_supports() -> None:
    bound = re.search(r'"keras>=([\d.]+),', (ROOT / "pyproject.toml").read_text("utf-8"))
    assert bound is not None
    assert bound[1] == KERAS_VERSION


def test_every_class_in_the_file_is_keras_own(network: Network, tmp_path: Path) -> None:
    write_keras_archive(network, tmp_path / "model.keras")
    config = json.loads(members(tmp_path / "model.keras")[CONFIG])
    assert {layer["module"] for layer in config["config"]["layers"]} == {"keras.layers"}


def test_a_network_that_cannot_be_described_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "model.keras"
    path.write_bytes(b"old")
    odd = Layer("spread", "UpSampling2D", {}, (4, 4, 1), (8, 8, 1))
    with pytest.raises(ConfigError, match="'spread'"):
        write_keras_archive(Network("odd", (4, 4, 1), (odd,)), path)
    assert path.read_bytes() == b"old"
    assert [each.name for each in tmp_path.iterdir()] == ["model.keras"]


def test_a_folder_that_does_not_exist_is_named(small: Network, tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="missing"):
        write_keras_archive(small, tmp_path / "missing" / "model.keras")
