"""The engine's shared library: the variant for this processor, and its C interface through ctypes."""

import ctypes
import functools
from pathlib import Path

from ...errors import ConvscopeError
from ...system.hardware import processor_flags
from .build import FOLDER, VARIANTS, library_path, variants_of_machine


class LayerSpec(ctypes.Structure):
    """``LayerSpec`` of ``engine.h``."""

    _fields_ = [
        *((name, ctypes.c_int32) for name in ("kind", "outputs", "kernel_h", "kernel_w", "same", "bias", "relu")),
        ("pool_h", ctypes.c_int32), ("pool_w", ctypes.c_int32),
        *((name, ctypes.c_float) for name in ("rate", "momentum", "epsilon")),
    ]  # fmt: skip


class LayerLayout(ctypes.Structure):
    """``LayerLayout`` of ``engine.h``."""

    _fields_ = [
        *((name, ctypes.c_int64) for name in ("at", "kernel", "bias")),
        *((name, ctypes.c_int32) for name in ("in_h", "in_w", "in_c", "in_stride")),
        *((name, ctypes.c_int32) for name in ("out_h", "out_w", "out_c", "out_stride", "sparse")),
    ]  # fmt: skip


class Optimizer(ctypes.Structure):
    """``Optimizer`` of ``engine.h``."""

    _fields_ = [(name, ctypes.c_float) for name in ("beta_1", "beta_2", "epsilon", "weight_decay", "label_smoothing")]


class Epoch(ctypes.Structure):
    """``Epoch`` of ``engine.h``."""

    _fields_ = [
        *((name, ctypes.c_void_p) for name in ("images", "labels", "rows", "shifts", "warps", "rates", "class_weights")),
        ("steps", ctypes.c_int64), ("last", ctypes.c_int64),
    ]  # fmt: skip


MAX_THREADS = 64
"""As in ``engine.c``."""


@functools.cache
def load_library(folder: Path = FOLDER) -> ctypes.CDLL:
    """Load the fastest variant that was built and that this processor can run; ConvscopeError if none was built."""
    return _declared(ctypes.CDLL(str(fastest_library(folder))))


@functools.cache
def fastest_library(folder: Path = FOLDER) -> Path:
    """Return the file of that variant; its name tells the variant and the sources."""
    flags = processor_flags()
    for variant in variants_of_machine():
        path = library_path(variant, folder)
        if path.is_file() and VARIANTS[variant] <= flags:
            return path
    raise ConvscopeError(f"The native engine cannot be used: {why_missing(folder)}.")


def why_missing(folder: Path = FOLDER) -> str:
    """Return why there is no variant for this processor, and what to do, to follow a colon."""
    if any(library_path(variant, folder).is_file() for variant in VARIANTS):
        return "it was not built for this processor, so install convscope again, with pip and a C compiler, on this machine"
    return "it is not compiled, so install a C compiler, such as gcc or clang, and then convscope again with pip"


def _declared(library: ctypes.CDLL) -> ctypes.CDLL:
    pointer, whole = ctypes.c_void_p, ctypes.c_int64
    signatures = {
        "engine_create": (pointer, [pointer, *[ctypes.c_int32] * 7, ctypes.c_uint64]),
        "engine_free": (None, [pointer]),
        "engine_num_parameters": (whole, [pointer]),
        "engine_layer": (whole, [pointer, ctypes.c_int32, pointer]),
        "engine_parameters": (ctypes.POINTER(ctypes.c_float), [pointer]),
        "engine_parameters_changed": (None, [pointer]),
        "engine_moments": (ctypes.POINTER(ctypes.c_float), [pointer, ctypes.c_int32]),
        "engine_step": (ctypes.POINTER(whole), [pointer]),
        "engine_keep_gradients": (ctypes.POINTER(ctypes.c_float), [pointer]),
        "engine_train": (ctypes.c_int32, [pointer] * 4),
        "engine_predict": (ctypes.c_int32, [pointer, pointer, whole, pointer]),
    }
    for name, (result, arguments) in signatures.items():
        function = getattr(library, name)
        function.restype, function.argtypes = result, arguments
    return library
