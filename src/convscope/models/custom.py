"""Custom networks: ``net.py:build``, a function in a file, or the layers of ``net.keras``.

The Python file is the only way for foreign code into convscope: a user who names it on the command line wants it run. It
runs once, when the model is looked up, and never because another file names it.
"""

from __future__ import annotations

import functools
import importlib.util
import re
import sys
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from ..errors import ConfigError, RunError
from .keras_file import check_keras_file, is_foreign, refusal
from .saving import load_model

if TYPE_CHECKING:
    import keras

ImageShape = tuple[int, int, int]
Build = Callable[[ImageShape, int], "keras.Model"]
FUNCTION_IN_FILE = re.compile(r"(?P<file>.+\.py):(?P<function>[^\W\d]\w*)")
EXPECTED = "a function build(image_shape, num_classes) that returns a keras.Model"


def is_custom_model(word: str) -> bool:
    """Return whether ``word`` names a file, and not one of convscope's architectures."""
    return Path(word).suffix.lower() in (".keras", ".py") or ".py:" in word or is_foreign(word)


def find_custom_model(word: str) -> Build:
    """Return the function that builds the network in a file; ConfigError if it cannot be used."""
    if is_foreign(word):
        raise ConfigError(refusal(word, "a .keras file or file.py:build"))
    if Path(word).suffix.lower() == ".keras":
        return _checked(word, _from_keras_file(word))
    found = FUNCTION_IN_FILE.fullmatch(word)
    if found is None:
        raise ConfigError(
            f"model {word!r} names a Python file but no function in it. Pass {word.split('.py')[0]}.py:NAME, where NAME is "
            f"{EXPECTED}."
        )
    return _checked(word, _from_python_file(Path(found["file"]), found["function"]))


def short_name(word: str) -> str:
    """Return a model's name for a folder: ``net-build`` for ``nets/net.py:build``."""
    if not is_custom_model(word):
        return word
    file, _, function = word.partition(".py:")
    stem = Path(file).name.removesuffix(".keras").removesuffix(".py")
    return re.sub(r"[^\w.-]+", "-", f"{stem}-{function}" if function else stem).strip(".-") or "own"


def with_deterministic_names(build: Build) -> Build:
    """Return ``build`` with the same layer names at every call.

    A training builds a network more than once and finds weights by layer name. Keras numbers unnamed layers through a whole
    session: the second one is ``dense_1``, in another network too.
    """
    first: list[str] = []

    @functools.wraps(build)
    def build_with_same_names(image_shape: ImageShape, num_classes: int) -> keras.Model:
        model = build(image_shape, num_classes)
        names = [layer.name for layer in getattr(model, "layers", [])]
        if not first:
            first.extend(names)
        if names == first or len(names) != len(first):
            return model
        return _renamed(model, dict(zip(names, first, strict=True)))

    return build_with_same_names


def _renamed(model: keras.Model, names: Mapping[str, str]) -> keras.Model:
    """Return a copy of ``model`` with other layer names and the same weights."""
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
    build = getattr(_run(file), function, None)
    if build is None:
        raise ConfigError(f"{str(file)!r} defines no {function!r}. Name a function of the file: {EXPECTED}.")
    if not callable(build):
        raise ConfigError(f"{function!r} in {str(file)!r} is a {type(build).__name__}. Name {EXPECTED}.")
    found: Build = build
    return found


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


def _checked(word: str, build: Build) -> Build:
    """Return ``build`` with a :class:`ConfigError` for failures and unusable results."""

    def build_checked(image_shape: ImageShape, num_classes: int) -> keras.Model:
        import keras

        size = " × ".join(map(str, image_shape))
        try:
            model = build(image_shape, num_classes)
        except ConfigError:
            raise
        except Exception as error:
            raise ConfigError(
                f"{word!r} cannot build a network for images of {size} and {num_classes} classes: {_summary(error)}. "
                "Fix it, or choose another --model."
            ) from error
        if not isinstance(model, keras.Model):
            raise ConfigError(f"{word!r} must return a keras.Model; it returned a {type(model).__name__}.")
        takes, gives = tuple(model.input_shape[1:]), model.output_shape[-1]
        if takes != tuple(image_shape) or gives != num_classes:
            raise ConfigError(
                f"{word!r} takes images of {' × '.join(map(str, takes))} and has {gives} classes, but the data have {size} and "
                f"{num_classes}. Build the network from the two arguments."
            )
        _refuse_branches(word, model)
        _refuse_other_end(word, model)
        return model

    build_checked.__name__ = build_checked.__qualname__ = short_name(word)
    return with_deterministic_names(build_checked)


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


def _refuse_other_end(word: str, model: keras.Model) -> None:
    last = model.layers[-1]
    if type(last).__name__ != "Dense" or last.get_config()["activation"] != "softmax":
        raise ConfigError(
            f"the network of {word!r} must end in a Dense layer with a softmax; it ends in {last.name!r}, a "
            f"{type(last).__name__}."
        )


def _summary(error: BaseException, file: Path | None = None) -> str:
    """Return an exception's kind, its first line, and the line of ``file`` behind it."""
    text = str(error).strip().split("\n")[0][:200]
    frames = traceback.extract_tb(error.__traceback__)
    lines = [frame.lineno for frame in frames if file and Path(frame.filename) == file and frame.lineno]
    if isinstance(error, SyntaxError):
        return f"{type(error).__name__}: {text}"
    return f"{type(error).__name__}: {text}" + (f" in line {lines[-1]}" if lines else "")
