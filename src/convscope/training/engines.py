"""Which engine trains a network: the native one, or Keras."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Literal, get_args

from ..errors import ConfigError, ConvscopeError, option, unknown_name
from ..formatting import count_of
from ..models.backend import NAMES, NUM_PROCESSES, check_backend, require_backend
from ..models.network import Network
from ..system.hardware import available_processors, describe_machine
from ..types import EngineChoice
from .native.library import fastest_library, load_library, why_missing
from .native.plan import Unsupported, plan_layers

if TYPE_CHECKING:
    import keras

EngineName = Literal["native", "keras"]
ENGINES = get_args(EngineChoice)


def check_engine(engine: str) -> None:
    """Refuse, before any work, an unknown engine (ConfigError) and one that is not installed (ConvscopeError)."""
    if not isinstance(engine, str) or engine not in ENGINES:
        raise ConfigError(unknown_name("engine", engine, ENGINES))
    if engine == "native":
        load_library()
    else:
        choose_engine(engine, "", "")


def choose_engine(engine: str, name: str, reason: str) -> tuple[EngineName, str]:
    """Return the engine that trains a network, and why ``auto`` did not choose the native one; else an empty text.

    ``name`` is the network's, ``reason`` what :func:`why_not_native` returned for it. ConfigError if the native engine cannot
    train it, MissingBackendError if Keras is to train and has no back-end.
    """
    if engine == "keras":
        check_backend()
        return "keras", ""
    reason = _not_here() or reason
    if not reason:
        return "native", ""
    if engine == "native":
        engines = f"{option('engine', 'auto')} or {option('engine', 'keras')}"
        raise ConfigError(f"the native engine cannot train {name}: {reason}. Pass {engines}.")
    check_backend(f"Keras must train instead of the native engine ({reason})")
    return "keras", reason


def describe_arithmetic(engine: EngineName) -> str:
    """Return what decides how the sums of a training are rounded, and so its weights, to follow “begun with”.

    The native engine rounds as the variant of its library, with any number of threads. The kernels of Keras' back-ends also
    depend on the processor and on the number of threads that share a sum.
    """
    if engine == "native":
        return f"the native engine's library {fastest_library().stem}"
    backend = require_backend()
    from keras import distribution

    devices = distribution.list_devices()
    if devices != ["cpu:0"]:
        return f"{NAMES[backend]} on {' and '.join(devices)}"
    setting = os.environ.get("TF_NUM_INTRAOP_THREADS", "") if backend == "tensorflow" else ""
    threads = int(setting) if setting.isdecimal() and int(setting) else available_processors()
    return f"{NAMES[backend]} in {count_of(threads, 'thread')} on {describe_machine()['processor']!r}"


def why_not_native(network: Network, model: keras.Model | None = None) -> str:
    """Return why the native engine cannot train ``network``, made of a user's ``model`` if there is one; else an empty text."""
    try:
        plan_layers(network)
    except Unsupported as reason:
        return str(reason)
    return "" if model is None else _undescribed(model)


def _not_here() -> str:
    if os.environ.get(NUM_PROCESSES):
        return "several processes train together"
    try:
        load_library()
    except ConvscopeError:
        return f"{why_missing()}; until then the training is slower"
    return ""


def _undescribed(model: keras.Model) -> str:
    """Return what only Keras does in training a model, such as ``"dense has a kernel_regularizer"``; else an empty text."""
    for layer in model.layers:
        config: dict[str, Any] = layer.get_config()
        asked = [name for name in config if name.endswith(("_regularizer", "_constraint", "noise_shape")) and config[name]]
        if asked:
            return f"{layer.name} has a {asked[0]}"
        if not layer.trainable:
            return f"{layer.name} is not trainable"
        if config.get("data_format", "channels_last") != "channels_last":
            return f"{layer.name} takes the channels first"
        if layer.dtype_policy.name != "float32":
            return f"{layer.name} computes in {layer.dtype_policy.name}"
    return ""
