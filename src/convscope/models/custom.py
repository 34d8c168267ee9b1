"""Custom networks: ``net.py:build``, a function in a file, or the layers of ``net.keras``.

The Python file is the only way for foreign code into convscope: a user who names it on the command line wants it run. It
runs once, when the model is looked up, and never because another file names it.
"""

from __future__ import annotations

import contextlib
import importlib.util
import re
import sys
import traceback
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from ..errors import ConfigError, ConvscopeError, MissingBackendError, RunError
from .backend import NAMES, check_backend, require_backend
from .keras_file import check_keras_file, is_foreign, refusal
from .network import Network, from_keras
from .saving import load_model

if TYPE_CHECKING:
    import keras

ImageShape = tuple[int, int, int]
Build = Callable[[ImageShape, int], "Network | keras.Model"]
"""A function that builds a chain of layers for images (h, w, c) and a number of classes."""
FUNCTION_IN_FILE = re.compile(r"(?P<file>.+\.py):(?P<function>[^\W\d]\w*)")
RESULT = "a keras.Model, or a network described with convscope.models.layers"
EXPECTED = f"a function build(image_shape, num_classes) that returns {RESULT}"
DESCRIBE = "; or describe the network with convscope.models.layers, which needs no Keras"


def is_custom_model(word: str) -> bool:
    """Return whether ``word`` names a file, and not one of convscope's architectures."""
    return Path(word).suffix.lower() in (".keras", ".py") or ".py:" in word or is_foreign(word)


def find_custom_model(word: str) -> Build:
    """Return the function that builds the network in a file; ConfigError if it cannot be used."""
    if is_foreign(word):
        raise ConfigError(refusal(word, "a .keras file or file.py:build"))
    if Path(word).suffix.lower() == ".keras":
        return checked(word, _from_keras_file(word))
    found = FUNCTION_IN_FILE.fullmatch(word)
    if found is None:
        raise ConfigError(
            f"model {word!r} names a Python file but no function in it. Pass {word.split('.py')[0]}.py:NAME, where NAME is "
            f"{EXPECTED}."
        )
    return checked(word, _from_python_file(Path(found["file"]), found["function"]))


def short_name(word: str) -> str:
    """Return a model's name for a folder: ``net-build`` for ``nets/net.py:build``."""
    if not is_custom_model(word):
        return word
    file, _, function = word.partition(".py:")
    stem = Path(file).name.removesuffix(".keras").removesuffix(".py")
    return re.sub(r"[^\w.-]+", "-", f"{stem}-{function}" if function else stem).strip(".-") or "own"


def _renamed(model: Network | keras.Model, names: Mapping[str, str]) -> Network | keras.Model:
    """Return a copy of ``model`` with other layer names and the same weights."""
    if isinstance(model, Network):
        return replace(model, layers=tuple(replace(layer, name=names[layer.name]) for layer in model.layers))
    import keras

    def rename(layer: keras.Layer) -> keras.Layer:
        return type(layer).from_config({**layer.get_config(), "name": names.get(layer.name, layer.name)})

    inputs = None
    if not isinstance(model, keras.Sequential) and type(model.layers[0]).__name__ == "InputLayer":
        inputs = keras.Input(model.input_shape[1:], name=names[model.layers[0].name])
    renamed = keras.models.clone_model(model, input_tensors=inputs, clone_function=rename)
    renamed.set_weights(model.get_weights())
    return renamed


def _from_python_file(file: Path, function: str) -> Build:
    if not file.is_file():
        raise ConfigError(f"there is no file at {str(file)!r}. Pass a Python file with {EXPECTED}.")
    with contextlib.suppress(MissingBackendError):  # a network in the words of models/layers.py needs none
        require_backend()  # silently, which the file's own import of Keras would not be
    build: Build | None = getattr(_run(file), function, None)
    if not callable(build):
        raise ConfigError(f"{str(file)!r} defines no function {function!r}. Name {EXPECTED}.")
    return build


def _run(file: Path) -> ModuleType:
    specification = importlib.util.spec_from_file_location(f"convscope_own_{file.stem}", file)
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    # As for a script, modules in the file's folder can be imported, but only while it runs.
    folder = str(file.resolve().parent)
    sys.path.insert(0, folder)
    try:
        sys.modules[specification.name] = module  # dataclasses and pickle look the module up there
        specification.loader.exec_module(module)
    except (Exception, SystemExit) as error:  # a user's program may raise anything
        _refuse_missing_keras(error)
        raise ConfigError(
            f"{str(file)!r} cannot be run: {_summary(error, file)}. Fix it; it must define {EXPECTED}."
        ) from error
    finally:
        sys.path.remove(folder)
    return module


def _from_keras_file(path: str) -> Build:
    try:
        check_keras_file(path)  # before the data are read, which may take long
    except RunError as error:
        raise ConfigError(str(error)) from error
    check_backend(otherwise=DESCRIBE)

    def build(image_shape: ImageShape, num_classes: int) -> keras.Model:
        return with_fresh_weights(load_model(path), image_shape, num_classes)

    return build


def with_fresh_weights(model: keras.Model, image_shape: ImageShape, num_classes: int) -> keras.Model:
    """Return ``model`` with fresh weights, in the precision of the session.

    A ``Sequential`` is built for ``image_shape`` (h, w, c) and ``num_classes``; any other network keeps its shapes, which
    must fit.
    """
    import keras

    if not isinstance(model, keras.Sequential):
        return keras.models.clone_model(model)
    *hidden, last = model.layers
    settings = last.get_config()
    if "units" in settings:
        settings = {**settings, "units": num_classes}
    layers = [type(layer).from_config(_plain(layer.get_config())) for layer in hidden]
    return keras.Sequential([keras.Input(image_shape), *layers, type(last).from_config(settings)], name=model.name)


def _plain(config: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in config.items() if name != "dtype"}


def checked(word: str, build: Build) -> Build:
    """Return ``build`` with the same layer names at every call and a :class:`ConfigError` for unusable results.

    A training builds a network more than once and finds weights by layer name. Keras numbers unnamed layers through a whole
    session: the second one is ``dense_1``, in another network too.
    """
    first: list[str] = []

    def build_checked(image_shape: ImageShape, num_classes: int) -> Network | keras.Model:
        size = " × ".join(map(str, image_shape))
        try:
            model = build(image_shape, num_classes)
        except ConvscopeError:
            raise
        except Exception as error:
            _refuse_missing_keras(error)
            raise ConfigError(
                f"{word!r} cannot build a network for images of {size} and {num_classes} classes: {_summary(error)}. "
                "Fix it, or choose another --model."
            ) from error
        model = _with_softmax(model)
        takes, gives = _shapes(word, model)
        if takes != tuple(image_shape) or gives != num_classes:
            raise ConfigError(
                f"{word!r} takes images of {' × '.join(map(str, takes))} and has {gives} classes, but the data have {size} and "
                f"{num_classes}. Build the network from the two arguments."
            )
        if not isinstance(model, Network):
            _refuse_branches(word, model)
        _refuse_other_end(word, model if isinstance(model, Network) else from_keras(model))
        names = [layer.name for layer in model.layers]
        if not first:
            first.extend(names)
        if names == first or len(names) != len(first):
            return model
        try:
            return _renamed(model, dict(zip(names, first, strict=True)))
        except Exception as error:  # Keras refuses a Lambda, and a user's class may not know its own settings
            raise ConfigError(
                f"the layers of {word!r} cannot be built a second time ({_summary(error)}). Give every layer a name, or replace "
                "Lambda layers and classes without get_config()."
            ) from error

    build_checked.__name__ = build_checked.__qualname__ = short_name(word)
    return build_checked


def _with_softmax(model: Any) -> Any:
    """Return a Keras model that ends in a softmax layer of its own, or in logits, as one that ends in a Dense softmax."""
    keras = sys.modules.get("keras")
    if keras is None or not isinstance(model, keras.Model) or not model.built or len(getattr(model, "layers", ())) < 2:
        return model
    last, dense = model.layers[-1], model.layers[-1]
    separate = (type(last) is keras.layers.Activation and last.get_config()["activation"] == "softmax") or (
        type(last) is keras.layers.Softmax and last.axis == -1
    )
    if separate:
        dense = model.layers[-2]
    if type(dense) is not keras.layers.Dense or dense.get_config()["activation"] != "linear" or len(dense.output.shape) != 2:
        return model
    if separate and last.input is not dense.output:
        return model
    ending = keras.layers.Dense.from_config({**dense.get_config(), "activation": "softmax"})
    outputs = ending(dense.input)
    ending.set_weights(dense.get_weights())
    return keras.Model(model.inputs[0], outputs, name=model.name)


def _refuse_missing_keras(error: BaseException) -> None:
    """Say what to do if a user's program cannot import Keras."""
    if isinstance(error, ModuleNotFoundError) and error.name in NAMES | {"keras": ""}:
        check_backend(otherwise=DESCRIBE)


def _shapes(word: str, model: Any) -> tuple[tuple[int, ...], int]:
    """Return the shape of the images that ``model`` takes, and its number of classes."""
    if isinstance(model, Network):
        return tuple(model.input_shape), model.layers[-1].output_shape[-1]
    keras = sys.modules.get("keras")  # whoever made a model has imported it
    if keras is None or not isinstance(model, keras.Model):
        raise ConfigError(f"{word!r} must return {RESULT}; it returned {model!r:.60}.")
    if len(getattr(model, "inputs", None) or ()) != 1 or len(getattr(model, "outputs", None) or ()) != 1:
        raise ConfigError(
            f"the network of {word!r} is no chain of layers from one input to one output: it is a subclass of keras.Model, or "
            "has several of them. Build it with keras.Sequential, or with keras.Input and keras.Model."
        )
    return tuple(model.input_shape[1:]), model.output_shape[-1]


def _refuse_branches(word: str, model: keras.Model) -> None:
    # Figures, the page and the analysis follow the layers one after the other.
    before = model.inputs[0]
    for layer in model.layers:
        if type(layer).__name__ == "InputLayer":
            continue
        if getattr(layer, "input", None) is not before:
            raise ConfigError(
                f"the network of {word!r} is no chain of layers: the input of {layer.name!r} is not the output of the layer before "
                "it, or not that alone. Remove the branches, or choose another --model."
            )
        before = layer.output


def _refuse_other_end(word: str, network: Network) -> None:
    last = network.layers[-1]
    if last.kind != "Dense" or last.settings["activation"] != "softmax":
        raise ConfigError(
            f"the network of {word!r} must end in a Dense layer with a softmax; it ends in {last.name!r}, a {last.kind}."
        )
    if len(last.output_shape) > 1:
        first = next(layer for layer in network.of_kind("Dense") if len(layer.input_shape) > 1)
        raise ConfigError(
            f"layer {first.name!r} of {word!r} gets {' × '.join(map(str, first.input_shape))} values, and not one row of them. "
            "Add a Flatten layer before it."
        )


def _summary(error: BaseException, file: Path | None = None) -> str:
    """Return an exception's kind, its first line, and the line of ``file`` behind it."""
    text = str(error).strip().split("\n")[0][:200]
    frames = traceback.extract_tb(error.__traceback__)
    lines = [frame.lineno for frame in frames if file and Path(frame.filename) == file and frame.lineno]
    if isinstance(error, SyntaxError):
        return f"{type(error).__name__}: {text}"
    return f"{type(error).__name__}: {text}" + (f" in line {lines[-1]}" if lines else "")
