"""Custom networks: ``net.py:build``, a function in a file, or the layers of ``net.keras``.

The Python file is the only way for foreign code into convscope: a user who names it on the command line wants it run. It
runs once, when the model is looked up, and never because another file names it.
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
import re
import sys
import traceback
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from ..errors import ConfigError, ConvscopeError, MissingBackendError, RunError, option, reason_of
from .backend import NAMES, check_backend, require_backend
from .functional_form import ImageShape, ending_in_softmax, functional_form, without_nesting
from .keras_file import checked_copy, is_foreign, refusal
from .network import IMAGE, Network, from_keras, nodes
from .saving import load_model

if TYPE_CHECKING:
    import keras

Build = Callable[[ImageShape, int], "Network | keras.Model"]
"""A function that builds a network for images (h, w, c) and a number of classes."""
FUNCTION_IN_FILE = re.compile(r"(?P<file>.+\.py):(?P<function>[^\W\d]\w*)")
RESULT = "a keras.Model, or a network described with convscope.models.layers"
EXPECTED = f"a function build(image_shape, num_classes) that returns {RESULT}"
NOTHING_KEPT = (
    "weights 'keep' goes on from the weights of a .keras file or a keras.Model; {!r} is neither. Leave it out, or pass one."
)
DESCRIBE = "; or describe the network with convscope.models.layers, which needs no Keras"


def is_custom_model(word: str) -> bool:
    """Return whether ``word`` names a file, and not one of convscope's architectures."""
    return Path(word).suffix.lower() in (".keras", ".py") or ".py:" in word or is_foreign(word)


def find_custom_model(word: str, *, keep: bool = False) -> Build:
    """Return the function that builds the network in a file; ConfigError if it cannot be used.

    ``keep`` says whether a ``.keras`` file keeps its weights.
    """
    if is_foreign(word):
        raise ConfigError(refusal(word, "a .keras file or file.py:build"))
    if Path(word).suffix.lower() == ".keras":
        return checked(word, _from_keras_file(word, keep=keep))
    found = FUNCTION_IN_FILE.fullmatch(word)
    if keep:
        raise ConfigError(NOTHING_KEPT.format(word))
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


def _rename(model: Network | keras.Model, names: Sequence[str]) -> Network | keras.Model:
    """Give the layers of ``model`` the ``names``, in their order."""
    if isinstance(model, Network):
        new = dict(zip((layer.name for layer in model.layers), names, strict=True)) | {IMAGE: IMAGE}
        layers = (
            replace(layer, name=new[layer.name], inputs=tuple(new[each] for each in layer.inputs)) for layer in model.layers
        )
        return replace(model, layers=tuple(layers))
    # In place: Keras cannot build some layers again, such as a Lambda, and finds layers by their present names.
    for layer, name in zip(_layers(model), names, strict=True):
        layer.name = name
    return model


def _layers(model: Network | keras.Model) -> list[Any]:
    """Return all that has a name in ``model``, in order; functions of ``keras.ops`` too."""
    if isinstance(model, Network):
        return list(model.layers)
    return [*model.layers[:1], *(node.operation for node in nodes(model))]  # the first may be an InputLayer


def _from_python_file(file: Path, function: str) -> Build:
    if not os.path.isfile(file):
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


def _from_keras_file(path: str, *, keep: bool) -> Build:
    try:
        checked_copy(path)  # before the data are read, which may take long
    except RunError as error:
        raise ConfigError(str(error)) from error
    check_backend(otherwise=DESCRIBE)
    return lambda image_shape, num_classes: from_model(path, load_model(path), image_shape, num_classes, keep=keep)


def from_model(word: str, model: keras.Model, image_shape: ImageShape, num_classes: int, *, keep: bool) -> keras.Model:
    """Return a copy of ``model`` in the precision of the session, with its weights or with fresh ones.

    A ``Sequential`` is built for ``image_shape`` (h, w, c) and ``num_classes``; any other network keeps its shapes, which
    must fit. What ``Normalization`` layers were adapted to stays. A ConfigError names what does not fit.
    """
    try:
        model = functional_form(word, model, image_shape)
        fresh = _with_fresh_weights(model, image_shape, num_classes)
    except ConvscopeError:
        raise
    except Exception as error:  # Keras refuses a Lambda, and a user's class may not know its own settings
        raise ConfigError(
            f"the layers of {word!r} cannot be built a second time ({reason_of(error)}). Pass a function that builds the network."
        ) from error
    try:
        if keep:
            fresh.set_weights(model.get_weights())
        for old, new in zip(_normalizations(model), _normalizations(fresh), strict=True):
            new.set_weights(old.get_weights())
            new.finalize_state()
    except ValueError as error:
        size = " × ".join(map(str, image_shape))
        kept = f"weights, which {option('weights', 'keep')} goes on from," if keep else "adapted Normalization layer"
        raise ConfigError(
            f"the {kept} of {word!r} do not fit images of {size} and {num_classes} classes ({reason_of(error)}). Pass data like "
            f"those that it was made for{', or leave out ' + option('weights', 'keep') if keep else ''}."
        ) from error
    return fresh


def _with_fresh_weights(model: keras.Model, image_shape: ImageShape, num_classes: int) -> keras.Model:
    import keras

    if not isinstance(model, keras.Sequential):
        return keras.models.clone_model(model)
    settings = [_plain(layer.get_config()) for layer in model.layers]
    for ends in [each for each in settings if "units" in each][-1:]:
        ends["units"] = num_classes
    layers = [type(layer).from_config(each) for layer, each in zip(model.layers, settings, strict=True)]
    return keras.Sequential([keras.Input(image_shape), *layers], name=model.name)


def _normalizations(model: keras.Model) -> Iterator[keras.layers.Normalization]:
    """Yield the layers whose weights are statistics of images, which no training estimates again."""
    for layer in model.layers:
        if hasattr(layer, "layers"):
            yield from _normalizations(layer)
        elif type(layer).__name__ == "Normalization" and layer.weights:
            yield layer


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
            if not isinstance(model, Network):
                model = functional_form(word, _required_model(word, model), image_shape)
                model = ending_in_softmax(without_nesting(model))
        except ConvscopeError:
            raise
        except Exception as error:
            _refuse_missing_keras(error)
            raise ConfigError(
                f"{word!r} cannot build a network for images of {size} and {num_classes} classes: {_summary(error)}. "
                f"Fix it, or choose another {option('model')}."
            ) from error
        takes, gives = _shapes(model)
        if takes != tuple(image_shape) or gives != num_classes:
            raise ConfigError(
                f"{word!r} takes images of {' × '.join(map(str, takes))} and has {gives} classes, but the data have {size} and "
                f"{num_classes}. Build the network from the two arguments."
            )
        network = model if isinstance(model, Network) else from_keras(model)
        _refuse_other_end(word, network)
        names = [each.name for each in _layers(model)]
        if not first:
            first.extend(names)
        return model if names == first or len(names) != len(first) else _rename(model, first)

    build_checked.__name__ = build_checked.__qualname__ = short_name(word)
    return build_checked


def _refuse_missing_keras(error: BaseException) -> None:
    """Say what to do if a user's program cannot import Keras."""
    if isinstance(error, ModuleNotFoundError) and error.name in NAMES | {"keras": ""}:
        check_backend(otherwise=DESCRIBE)


def _required_model(word: str, model: Any) -> keras.Model:
    keras = sys.modules.get("keras")  # whoever made a model has imported it
    if keras is None or not isinstance(model, keras.Model):
        raise ConfigError(f"{word!r} must return {RESULT}; it returned {model!r:.60}.")
    return model


def _shapes(model: Network | keras.Model) -> tuple[tuple[int, ...], int]:
    """Return the shape of the images that ``model`` takes, and its number of classes."""
    if isinstance(model, Network):
        return tuple(model.input_shape), model.layers[-1].output_shape[-1]
    return tuple(model.input_shape[1:]), model.output_shape[-1]


def _refuse_other_end(word: str, network: Network) -> None:
    last = network.layers[-1]
    if last.kind != "Dense" or last.settings.get("activation") != "softmax":
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
