"""The engine's shared library: built variants, the one for this processor, its C interface through ctypes."""

from __future__ import annotations

import ctypes
import functools
import platform
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from ...errors import ConvscopeError
from ...system.hardware import processor_flags

FOLDER = Path(__file__).parent
SOURCES = ("engine.c", "engine.h", "kernels.h")
FLAGS = ("-std=c11", "-O3", "-fno-math-errno", "-ffp-contract=fast", "-fPIC", "-shared", "-D_GNU_SOURCE")
"""No -ffast-math: the order of sums is part of the result."""
VARIANTS: dict[str, tuple[frozenset[str], tuple[str, ...]]] = {
    "x86-64-v4": (frozenset({"avx512f", "avx512bw", "avx512dq", "avx512vl"}), ("-march=x86-64-v4",)),
    "x86-64-v3": (frozenset({"avx2", "fma"}), ("-march=x86-64-v3",)),
    "x86-64-v2": (frozenset(), ("-march=x86-64-v2",)),
    "generic": (frozenset(), ()),
}
"""Name → processor flags that it needs, and compiler options; the first that fits is used."""


def variants_of_machine() -> tuple[str, ...]:
    """Return the variants that this kind of machine can have, the fastest first."""
    is_x86 = platform.machine().lower() in ("x86_64", "amd64")
    return tuple(name for name in VARIANTS if name.startswith("x86-64") == is_x86)


def library_path(variant: str, folder: Path = FOLDER) -> Path:
    """Return where the library of a variant is, or would be."""
    ending = {"win32": "dll", "darwin": "dylib"}.get(sys.platform, "so")
    return folder / f"engine-{variant}.{ending}"


def compile_variant(
    variant: str, folder: Path = FOLDER, compiler: Sequence[str] | None = None, extra: Sequence[str] = ()
) -> Path:
    """Compile the engine for one variant.

    Args:
        variant: A name in :data:`VARIANTS`.
        folder: Where to write the library.
        compiler: The command of a C11 compiler; by default ``cc``, ``gcc`` or ``clang``.
        extra: More compiler options, such as a sanitizer's.

    Raises:
        ConvscopeError: There is no compiler, or it fails; with its first message.
    """
    found = compiler or next(([name] for name in map(shutil.which, ("cc", "gcc", "clang")) if name), None)
    if found is None:
        raise ConvscopeError("No C compiler (cc, gcc or clang) was found. Install one to build the native engine.")
    target = library_path(variant, folder)
    command = [
        *found,
        *FLAGS,
        *VARIANTS[variant][1],
        *extra,
        "-o",
        str(target),
        str(FOLDER / "engine.c"),
        "-lpthread",
        "-lm",
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - the compiler
    if done.returncode:
        reason = (done.stderr.strip().splitlines() or ["no message"])[0]
        raise ConvscopeError(f"The native engine cannot be compiled: {reason}. Check the compiler {found[0]!r}.")
    return target


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
        *((name, ctypes.c_void_p) for name in ("images", "labels", "rows", "shifts", "warps", "rates")),
        ("steps", ctypes.c_int64), ("last", ctypes.c_int64),
    ]  # fmt: skip


@functools.cache
def load_library(folder: Path = FOLDER) -> ctypes.CDLL:
    """Load the fastest variant that was built and that this processor can run.

    Raises:
        ConvscopeError: None was built.
    """
    flags = processor_flags()
    for variant in variants_of_machine():
        path = library_path(variant, folder)
        if path.is_file() and VARIANTS[variant][0] <= flags:
            return _declared(ctypes.CDLL(str(path)))
    raise ConvscopeError(
        "The native engine was not built for this processor. Reinstall convscope where a C compiler is available."
    )


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
