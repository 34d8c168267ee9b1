"""A network of the user's own: a function in a Python file, ``net.py:build``, or the layers of a ``.keras`` file.

The Python file is the one way in which code comes into convscope: whoever names it on the command line wants it run. It is
run once, when it is first asked for, and never because some other file names it.
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
from ..model_files import is_foreign, refusal
from .keras_file import check_keras_file
from .saving import load_model

if TYPE_CHECKING:
    import keras

ImageShape = tuple[int, int, int]
Build = Callable[[ImageShape, int], "keras.Model"]

FUNCTION_IN_FILE = re.compile(r"(?P<file>.+\.py):(?P<function>[^\W\d]\w*)")
EXPECTED = "a function build(image_shape, num_classes) that returns a keras.Model"


def is_own_model(word: str) -> bool:
    """Whether ``word`` means a file, and not the name of one of convscope's networks."""
    return Path(word).suffix.lower() in (".keras", ".py") or ".py:" in word or is_foreign(word)


def find_own_model(word: str) -> Build:
    """The builder that ``word`` means. Raises :class:`ConfigError` where there is none."""
    if is_foreign(word):
        raise ConfigError(refusal(word, "a .keras file or file.py:build"))
    if Path(word).suffix.lower() == ".keras":
        return _checked(word, _from_keras_file(word))
    found = FUNCTION_IN_FILE.fullmatch(word)
    if found is None:
        raise ConfigError(
            f"model {word!r} names a Python file without the function to call in it; file.py:build was expected. "
            f"Pass {word.split('.py')[0]}.py:NAME, where NAME is {EXPECTED}."
        )
    return _checked(word, _from_python_file(Path(found["file"]), found["function"]))


def short_name(word: str) -> str:
    """``word`` as part of a folder's name: ``nets/net.py:build`` → ``net-build``, ``nets/x.keras`` → ``x``."""
    if not is_own_model(word):
        return word
    file, _, function = word.partition(".py:")
    stem = Path(file).name.removesuffix(".keras").removesuffix(".py")
    return re.sub(r"[^\w.-]+", "-", f"{stem}-{function}" if function else stem).strip(".-") or "own"


def with_steady_names(build: Build) -> Build:
    """``build``, but that the layers are called the same each time.

    A training builds a network more than once, and finds the weights of a layer by its name. Keras counts through a session:
    the second layer that nobody named is ``dense_1``, also in another network.
    """
    first: list[str] = []

    @functools.wraps(build)
    def build_with_steady_names(image_shape: ImageShape, num_classes: int) -> keras.Model:
        model = build(image_shape, num_classes)
        names = [layer.name for layer in getattr(model, "layers", [])]
        if not first:
            first.extend(names)
        if names == first or len(names) != len(first):
            return model
        return _renamed(model, dict(zip(names, first, strict=True)))

    return build_with_steady_names


def _renamed(model: keras.Model, names: Mapping[str, str]) -> keras.Model:
    """``model`` with layers of other names, and the weights that it has."""
    import keras

    def again(layer: keras.Layer) -> keras.Layer:
        return type(layer).from_config({**layer.get_config(), "name": names.get(layer.name, layer.name)})

    inputs = None
    if not isinstance(model, keras.Sequential) and type(model.layers[0]).__name__ == "InputLayer":
        inputs = keras.Input(model.input_shape[1:], name=names[model.layers[0].name])
    renamed = keras.models.clone_model(model, input_tensors=inputs, clone_function=again)
    renamed.set_weights(model.get_weights())
    return renamed


def _from_python_file(file: Path, function: str) -> Build:
    if not file.is_file():
        raise ConfigError(f"there is no file at {str(file)!r}; a Python file with {EXPECTED} was expected. Check the name.")
    build = getattr(_run(file), function, None)
    if build is None:
        raise ConfigError(f"{str(file)!r} defines no {function!r}; {EXPECTED} was expected. Name one that is in the file.")
    if not callable(build):
        raise ConfigError(f"{function!r} in {str(file)!r} is a {type(build).__name__}; {EXPECTED} was expected.")
    found: Build = build
    return found


def _run(file: Path) -> ModuleType:
    """Run the file, with the modules beside it within its reach. Raises :class:`ConfigError` for whatever it raises."""
    specification = importlib.util.spec_from_file_location(f"convscope_own_{file.stem}", file)
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    folder = str(file.resolve().parent)
    sys.path.insert(0, folder)
    try:
        sys.modules[specification.name] = module  # dataclasses and pickle look there
        specification.loader.exec_module(module)
    except (Exception, SystemExit) as error:  # the user's program: anything may come out of it
        raise ConfigError(
            f"{str(file)!r} cannot be run: {_said(error, file)}; a Python file with {EXPECTED} was expected. Mend it."
        ) from error
    finally:
        sys.path.remove(folder)
    return module


def _from_keras_file(path: str) -> Build:
    """A builder of networks with the layers of the file and weights of their initialisers, for any size of image that they
    can take."""
    try:
        check_keras_file(path)  # now, and not when the data have been read
    except RunError as error:
        raise ConfigError(str(error)) from error

    def build(image_shape: ImageShape, num_classes: int) -> keras.Model:
        return with_fresh_weights(load_model(path), image_shape, num_classes)

    return build


def with_fresh_weights(model: keras.Model, image_shape: ImageShape, num_classes: int) -> keras.Model:
    """The architecture of ``model`` without what it has learnt, in the precision of the session.

    A ``Sequential`` is laid out for ``image_shape`` (h, w, c) and ends in ``num_classes`` classes; any other network keeps
    its own, and has to fit.
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
    """Settings without a precision of their own."""
    return {name: value for name, value in config.items() if name != "dtype"}


def _checked(word: str, build: Build) -> Build:
    """``build``, with a sentence for whatever is wrong with what it does or returns."""

    def build_checked(image_shape: ImageShape, num_classes: int) -> keras.Model:
        import keras

        size = " × ".join(map(str, image_shape))
        try:
            model = build(image_shape, num_classes)
        except ConfigError:
            raise
        except Exception as error:
            raise ConfigError(
                f"{word!r} builds no network for images of {size} and {num_classes} classes: {_said(error)}; "
                f"{EXPECTED} was expected. Mend it, or choose another --model."
            ) from error
        if not isinstance(model, keras.Model):
            raise ConfigError(f"{word!r} returned a {type(model).__name__}; {EXPECTED} was expected. Return the model.")
        takes, gives = tuple(model.input_shape[1:]), model.output_shape[-1]
        if takes != tuple(image_shape) or gives != num_classes:
            raise ConfigError(
                f"{word!r} takes images of {' × '.join(map(str, takes))} and tells {gives} classes apart; "
                f"{size} and {num_classes}, as the data have, were expected. Build the network from the two arguments."
            )
        _refuse_branches(word, model)
        _refuse_other_end(word, model)
        return model

    build_checked.__name__ = build_checked.__qualname__ = short_name(word)
    return with_steady_names(build_checked)


def _refuse_branches(word: str, model: keras.Model) -> None:
    """Everything that explains a network goes through its layers one after the other."""
    before = model.inputs[0]
    for layer in model.layers:
        if type(layer).__name__ == "InputLayer":
            continue
        if getattr(layer, "input", None) is not before:
            raise ConfigError(
                f"the network of {word!r} is no chain: {layer.name!r} does not take what the layer before it gives, or not that "
                "alone; layers one after the other were expected. Leave the branches out, or choose another --model."
            )
        before = layer.output


def _refuse_other_end(word: str, model: keras.Model) -> None:
    last = model.layers[-1]
    if type(last).__name__ != "Dense" or last.get_config()["activation"] != "softmax":
        raise ConfigError(
            f"the network of {word!r} ends in {last.name!r}, a {type(last).__name__}; a Dense layer with a softmax was "
            "expected as the last one. Add one."
        )


def _said(error: BaseException, file: Path | None = None) -> str:
    """The kind, the first line and, in ``file``, the place of what was raised."""
    text = str(error).strip().split("\n")[0][:200]
    frames = traceback.extract_tb(error.__traceback__)
    lines = [frame.lineno for frame in frames if file and Path(frame.filename) == file and frame.lineno]
    if isinstance(error, SyntaxError):
        return f"{type(error).__name__}: {text}"
    return f"{type(error).__name__}: {text}" + (f" in line {lines[-1]}" if lines else "")
