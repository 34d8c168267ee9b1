from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import convscope
from convscope.api.run import Run
from convscope.errors import ConfigError
from convscope.models.architectures import cnn, find_model
from convscope.models.backend import require_backend
from convscope.models.custom import short_name
from convscope.models.keras_model import to_keras, write_keras_archive
from convscope.models.layers import Dense
from convscope.models.network import Network, from_description, from_keras
from convscope.models.saving import save_model
from convscope.system.installation import pip_line

from .own_networks import ACCEPTED, REFUSED  # type: ignore[import-not-found]

require_backend()
import keras  # noqa: E402

NET = '''
"""A custom network that imports a module from its folder."""
import keras
from convscope.models.layers import Conv2D, Dense, Flatten, sequential
from sizes_of_the_test import UNITS

def build(image_shape, num_classes):
    return keras.Sequential([
        keras.Input(image_shape),
        keras.layers.Flatten(),
        keras.layers.Dense(UNITS, activation="relu"),
        keras.layers.Dense(num_classes, activation="softmax"),
    ])

def branching(image_shape, num_classes):
    inputs = keras.Input(image_shape)
    flat = keras.layers.Flatten()(inputs)
    both = [keras.layers.Dense(9, activation="relu")(flat), keras.layers.Dense(9)(flat)]
    return keras.Model(inputs, keras.layers.Dense(num_classes, activation="softmax")(keras.layers.Concatenate()(both)))

def functional(image_shape, num_classes):
    inputs = keras.Input(image_shape)
    hidden = keras.layers.Dense(30, activation="relu")(keras.layers.Flatten()(inputs))
    return keras.Model(inputs, keras.layers.Dense(num_classes, activation="softmax")(hidden))

def headless(image_shape, num_classes):
    return keras.Sequential([keras.Input(image_shape), keras.layers.Flatten(), keras.layers.Dense(num_classes)])

def fixed(image_shape, num_classes):
    return build((28, 28, 1), 10)

def native(image_shape, num_classes):
    return sequential("native", image_shape, [Conv2D(4, 3), Flatten(), Dense(num_classes, activation="softmax")])

def native_headless(image_shape, num_classes):
    return sequential("native", image_shape, [Flatten(), Dense(num_classes)])

def native_fixed(image_shape, num_classes):
    return sequential("native", (28, 28, 1), [Flatten(), Dense(10, activation="softmax")])

def native_small(image_shape, num_classes):
    return sequential("native", image_shape, [Conv2D(4, 9), Flatten(), Dense(num_classes, activation="softmax")])

def native_unflattened(image_shape, num_classes):
    layers = [Conv2D(4, 3), Dense(9, activation="relu"), Dense(num_classes, activation="softmax")]
    return sequential("native", image_shape, layers)

def unflattened(image_shape, num_classes):
    last = keras.layers.Dense(num_classes, activation="softmax", name="last")
    return keras.Sequential([keras.Input(image_shape), keras.layers.Conv2D(4, 3), last])

def broken(image_shape, num_classes):
    return keras.layers.Conv2D(1, 99)(keras.Input(image_shape))

def nothing(image_shape, num_classes):
    return None

constant = 3
'''


@pytest.fixture
def net(tmp_path: Path) -> Path:
    (tmp_path / "sizes_of_the_test.py").write_text("UNITS = 7\n")
    (tmp_path / "net.py").write_text(NET)
    return tmp_path / "net.py"


def test_a_function_in_a_file_builds_the_network(net: Path) -> None:
    model = find_model(f"{net}:build")((6, 5, 3), 4)
    assert [layer.output.shape[1:] for layer in model.layers] == [(90,), (7,), (4,)]


def test_a_function_may_describe_the_network_without_keras(net: Path) -> None:
    network = find_model(f"{net}:native")((6, 5, 3), 4)
    assert isinstance(network, Network)
    assert [layer.output_shape for layer in network.layers] == [(4, 3, 4), (48,), (4,)]


@pytest.mark.parametrize(
    ("function", "words"),
    [
        ("fixed", "28 × 28 × 1 and .* 10 .*8 × 8 × 1 and 3"),
        ("native_headless", "'dense', a Dense"),
        ("native_fixed", "28 × 28 × 1 and .* 10 .*8 × 8 × 1 and 3"),
        ("native_small", "'conv2d' gets 8 × 8 pixels"),
        ("broken", "8 × 8 × 1 and 3 classes: ValueError"),
        ("nothing", "returned None"),
        ("native_unflattened", "layer 'dense' of .*gets 6 × 6 × 4 values.*Add a Flatten layer"),
        ("unflattened", "layer 'last' of .*gets 6 × 6 × 4 values.*Add a Flatten layer"),
    ],
)
def test_a_function_that_returns_something_else_is_refused(function: str, words: str, net: Path) -> None:
    with pytest.raises(ConfigError, match=words):
        find_model(f"{net}:{function}")((8, 8, 1), 3)


def test_a_description_says_what_each_layer_of_a_branching_network_reads(net: Path) -> None:
    network = from_keras(find_model(f"{net}:branching")((8, 8, 1), 3))
    flat, one, two, joined, last = network.layers
    assert (flat.inputs, one.inputs, two.inputs) == ((), (), (flat.name,))
    assert (joined.kind, joined.inputs, last.inputs) == ("Concatenate", (one.name, two.name), ())
    assert not network.is_chain
    again = from_description(network.description(), network.weight_arrays())
    assert [layer.inputs for layer in again.layers] == [layer.inputs for layer in network.layers]


@pytest.mark.parametrize("returned", [None, 3, [Dense(3, activation="softmax")]])
def test_a_function_in_python_that_returns_no_network_is_refused_as_on_the_command_line(
    returned: object, tmp_path: Path
) -> None:
    def build(image_shape: tuple[int, int, int], num_classes: int) -> object:
        return returned

    with pytest.raises(ConfigError) as refusal:
        convscope.train("digits", model=build, out=tmp_path / "run")  # type: ignore[arg-type]
    assert str(refusal.value) == (
        "'build' must return a keras.Model, or a network described with convscope.models.layers; "
        f"it returned {repr(returned)[:60]}."
    )


@pytest.mark.parametrize(
    ("word", "content", "words"),
    [
        ("absent.py:build", None, r"absent\.py'"),
        ("net.py", "", r"net\.py:NAME"),
        ("net.py:", "", r"net\.py:NAME"),
        ("net.py:build", "", "no function 'build'"),
        ("net.py:constant", "constant = 3", "no function 'constant'"),
        (
            "net.py:build",
            "import no_such_module_anywhere",
            "ModuleNotFoundError: No module named .*line 1",
        ),
        ("net.py:build", "x = 1\n\n1 / 0\n", "ZeroDivisionError: .*line 3"),
        ("net.py:build", "def build(:\n", "SyntaxError"),
        ("net.py:build", "raise SystemExit(3)", "SystemExit: 3"),
        ("net.h5", "", r"net\.h5.*load_model"),
        ("net.weights.h5", "", "model.load_weights"),
        ("net.keras", "nonsense", r"net\.keras'"),
        ("absent.keras", None, r"absent\.keras'"),
    ],
)
def test_a_name_without_a_network_is_refused_before_any_work(
    word: str, content: str | None, words: str, tmp_path: Path
) -> None:
    name, colon, function = word.partition(".py:")
    path = tmp_path / (f"{name}.py" if colon else word)
    if content is not None:
        path.write_text(content)
    with pytest.raises(ConfigError, match=words):
        find_model(f"{path}:{function}" if colon else str(path))


def test_a_keras_file_gives_its_layers_with_fresh_weights(tmp_path: Path) -> None:
    original = to_keras(cnn((12, 12, 1), 3))
    save_model(original, tmp_path / "net.keras")
    keras.utils.set_random_seed(0)
    build = find_model(tmp_path / "net.keras")
    fresh = build((12, 12, 1), 3)
    assert [layer.name for layer in fresh.layers] == [layer.name for layer in original.layers]
    kernels = [
        (old.kernel, new.kernel) for old, new in zip(original.layers, fresh.layers, strict=True) if hasattr(old, "kernel")
    ]
    assert len(kernels) == 4
    assert not any(np.allclose(old, new) for old, new in kernels)
    keras.utils.set_random_seed(0)
    assert all(
        np.array_equal(one, two) for one, two in zip(fresh.get_weights(), build((12, 12, 1), 3).get_weights(), strict=True)
    )


def test_a_chain_of_layers_takes_the_size_and_the_classes_of_the_data(tmp_path: Path) -> None:
    save_model(to_keras(cnn((28, 28, 1), 10)), tmp_path / "net.keras")
    model = find_model(str(tmp_path / "net.keras"))((20, 24, 3), 5)
    assert (model.input_shape, model.output_shape) == ((None, 20, 24, 3), (None, 5))


def test_a_functional_network_keeps_its_own_size_and_has_to_fit(tmp_path: Path) -> None:
    inputs = keras.Input((8, 8, 1))
    hidden = keras.layers.Dense(4, activation="relu")(keras.layers.Flatten()(inputs))
    keras.Model(inputs, keras.layers.Dense(10, activation="softmax")(hidden)).save(tmp_path / "net.keras")
    build = find_model(str(tmp_path / "net.keras"))
    assert build((8, 8, 1), 10).count_params() == 4 * 65 + 50
    with pytest.raises(ConfigError, match="8 × 8 × 1 and .* 10 .*28 × 28 × 1 and 10"):
        build((28, 28, 1), 10)


@pytest.mark.parametrize(
    ("word", "short"),
    [("cnn", "cnn"), ("nets/net.py:build", "net-build"), ("x.keras", "x"), ("../a b.keras", "a-b"), ("/tmp/n.py:f", "n-f")],
)
def test_a_folder_is_named_after_the_network(word: str, short: str) -> None:
    assert short_name(word) == short


def test_unnamed_layers_get_the_same_names_each_time() -> None:
    def build(image_shape: tuple[int, int, int], num_classes: int) -> keras.Model:
        inputs = keras.Input(image_shape)
        hidden = keras.layers.Dense(2)(keras.layers.Flatten()(inputs))
        return keras.Model(inputs, keras.layers.Dense(num_classes, activation="softmax")(hidden))

    steady = find_model(build)
    one, two = steady((4, 4, 1), 3), steady((4, 4, 1), 3)
    assert [layer.name for layer in one.layers] == [layer.name for layer in two.layers]
    assert steady.__name__ == "build"
    inputs = np.ones((2, 4, 4, 1), np.float32)
    two.set_weights(one.get_weights())
    assert np.array_equal(one(inputs), two(inputs))


def test_a_network_described_from_keras_gets_the_same_names_each_time_and_keeps_its_weights() -> None:
    made = []

    def build(image_shape: tuple[int, int, int], num_classes: int) -> Network:
        layers = [keras.layers.Flatten(), keras.layers.Dense(num_classes, activation="softmax")]
        made.append(from_keras(keras.Sequential([keras.Input(image_shape), *layers])))
        return made[-1]

    steady = find_model(build)
    one, two = steady((4, 4, 1), 3), steady((4, 4, 1), 3)
    assert [layer.name for layer in one.layers] == [layer.name for layer in two.layers]
    assert made[0].layers[1].name != made[1].layers[1].name
    assert np.array_equal(two.layers[1].weights["kernel"], made[1].layers[1].weights["kernel"])


@pytest.mark.slow
def test_custom_networks_are_trained_and_exported(
    net: Path, digits_run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    own = convscope.train("digits", model="net.py:build", epochs=3, report=False)
    assert own.folder == Path("runs/digits-net-build-standard-0")
    assert own.record.request["model"] == "net.py:build"
    assert "--model net.py:build" in own.record.request["command"]
    assert own.evaluation.accuracy > 0.5
    shutil.copy(digits_run.folder / "model.keras", tmp_path / "again.keras")
    functional = convscope.train("digits", model="net.py:functional", epochs=3, report=False)
    assert functional.evaluation.accuracy > 0.5
    again = convscope.train("digits", model="again.keras", epochs=1, report=False)
    assert again.model.count_params() == digits_run.model.count_params()
    assert again.record.request["onnx"]["mismatched_classes"] == 0


WITHOUT_KERAS = """
import sys
sys.modules.update(dict.fromkeys(("keras", "tensorflow")))
from convscope.cli.main import main
sys.exit(main(["train", "digits", "--model", sys.argv[1], "--no-report", "--quiet", "--out", sys.argv[2]]))
"""


KERAS_IS_MISSING = (
    "convscope: error: Keras needs a back-end, and TensorFlow is not installed. Install it for the CPU with: "
    f"{pip_line('cpu')}; or describe the network with convscope.models.layers, which needs no Keras\n"
)


def without_keras(model: str, folder: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", WITHOUT_KERAS, model, str(folder / "run")]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.mark.slow
def test_a_description_in_a_file_is_trained_without_keras(tmp_path: Path) -> None:
    (tmp_path / "net.py").write_text(
        "from convscope.models.layers import Dense, Flatten, sequential\n"
        "def build(shape, classes):\n"
        "    return sequential('own', shape, [Flatten(), Dense(classes, activation='softmax')])\n"
    )
    result = without_keras(f"{tmp_path / 'net.py'}:build", tmp_path)
    assert (result.returncode, result.stderr.count("Keras")) == (0, 0), result.stderr
    assert (tmp_path / "run" / "manifest.json").is_file()


@pytest.mark.slow
@pytest.mark.parametrize("code", ["import keras\ndef build(shape, classes): ...", "def build(shape, classes): import keras"])
def test_a_file_that_needs_keras_says_what_to_do_where_it_is_missing(code: str, tmp_path: Path) -> None:
    (tmp_path / "net.py").write_text(code)
    result = without_keras(f"{tmp_path / 'net.py'}:build", tmp_path)
    assert (result.returncode, result.stderr) == (1, KERAS_IS_MISSING)


@pytest.mark.slow
def test_a_keras_file_says_what_to_do_where_keras_is_missing(tmp_path: Path) -> None:
    write_keras_archive(cnn((8, 8, 1), 10), tmp_path / "net.keras")
    result = without_keras(str(tmp_path / "net.keras"), tmp_path)
    assert (result.returncode, result.stderr) == (1, KERAS_IS_MISSING)


@pytest.mark.slow
def test_a_function_that_returns_something_else_is_named_without_keras_too(tmp_path: Path) -> None:
    (tmp_path / "net.py").write_text("def build(shape, classes): return 3\n")
    result = without_keras(f"{tmp_path / 'net.py'}:build", tmp_path)
    assert result.returncode == 2
    assert "must return a keras.Model, or a network described with convscope.models.layers; it returned 3." in result.stderr


def test_an_activation_of_the_users_own_is_not_described_as_keras_own() -> None:
    model = find_model(ACCEPTED["activations as objects"])((6, 6, 1), 3)
    own = find_model(REFUSED["an activation called as Keras'"][0])((6, 6, 1), 3)
    described = [layer.settings.get("activation") for layer in from_keras(model).layers]
    assert described == [None, "ReLU", "LeakyReLU", "relu", "softmax"]
    assert from_keras(own).layers[1].settings["activation"] == "relu (own function)"
