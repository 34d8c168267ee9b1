"""Compiles the engine. ``hatch_build.py`` loads this file by its path, so it imports only the standard library."""

import contextlib
import hashlib
import os
import platform
import shlex
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Sequence
from pathlib import Path

FOLDER = Path(__file__).parent
SOURCES = ("engine.c", "engine.h", "kernels.h")
FLAGS = ("-std=c11", "-O3", "-fno-math-errno", "-ffp-contract=fast", "-fPIC", "-shared", "-D_GNU_SOURCE")
"""No -ffast-math: the order of sums is part of the result."""
VARIANTS: dict[str, frozenset[str]] = {
    "x86-64-v4": frozenset({"avx512f", "avx512bw", "avx512dq", "avx512vl"}),
    "x86-64-v3": frozenset({"avx2", "fma"}),
    "x86-64-v2": frozenset(),
    "generic": frozenset(),
}
"""Name, on x86-64 also the compiler's ``-march`` → processor flags that it needs; the first that fits is used."""
ENDING = {"win32": "dll", "darwin": "dylib"}.get(sys.platform, "so")


class CompilerError(Exception):
    """There is no compiler, or it fails; with its first message."""


def variants_of_machine(machine: str = "") -> tuple[str, ...]:
    """Return the variants that a kind of machine, by default this one, can have, the fastest first."""
    is_x86 = (machine or platform.machine()).lower() in ("x86_64", "amd64")
    return tuple(name for name in VARIANTS if name.startswith("x86-64") == is_x86)


def library_path(variant: str, folder: Path = FOLDER) -> Path:
    """Return where the library of a variant is, or would be. A hash in its name keeps one of other sources from being loaded."""
    sources = b"".join((FOLDER / name).read_bytes() for name in SOURCES) + repr(FLAGS).encode()
    return folder / f"engine-{variant}-{hashlib.sha256(sources).hexdigest()[:8]}.{ENDING}"


def system_compilers() -> list[list[str]]:
    """Return the commands of the C compilers that were found, ``$CC`` first; on Windows the others have no POSIX threads."""
    named = shlex.split(os.environ.get("CC", ""))
    found = [] if sys.platform == "win32" else [[path] for path in map(shutil.which, ("cc", "gcc", "clang")) if path]
    return [named, *found] if named else found


def options(compiler: Sequence[str], variant: str) -> list[str]:
    """Return the options of a compiler for one variant."""
    is_x86 = variant.startswith("x86-64")
    result = [f"-march={variant}"] if is_x86 else []
    if any(Path(word).stem in ("zig", "ziglang") for word in compiler):
        linux = "linux-musl" if "musl" in (sysconfig.get_config_var("HOST_GNU_TYPE") or "") else "linux-gnu.2.17"
        system = {"win32": "windows-gnu", "darwin": "macos"}.get(sys.platform, linux)
        # Without a target, Zig would compile for this very processor.
        result = [
            "-target",
            f"{'x86_64' if is_x86 else 'aarch64'}-{system}",
            *(each.replace("x86-64-", "x86_64_") for each in result),
        ]
    elif sys.platform == "darwin":
        result += ["-arch", "x86_64" if is_x86 else "arm64"]
    return [*FLAGS, *result]


def compile_variant(
    variant: str, folder: Path = FOLDER, compiler: Sequence[str] | None = None, extra: Sequence[str] = ()
) -> Path:
    """Compile the engine for one variant, and remove the variant's libraries of other sources.

    ``compiler`` is the command of a C11 compiler, by default the first of :func:`system_compilers`; ``extra`` are more
    options, such as a sanitizer's. CompilerError, with the first message, if there is no compiler or it fails.
    """
    compiler = compiler or next(iter(system_compilers()), None)
    if compiler is None:
        raise CompilerError("No C compiler (cc, gcc or clang) was found. Install one to build the native engine.")
    target = library_path(variant, folder)
    with tempfile.TemporaryDirectory(dir=folder, prefix="engine-") as scratch:  # next to the target, to rename into place
        sources = [str(FOLDER / "engine.c"), "-lpthread", "-lm"]
        command = [*compiler, *options(compiler, variant), *extra, "-o", target.name, *sources]
        done = subprocess.run(command, cwd=scratch, capture_output=True, text=True, check=False)  # noqa: S603 - the compiler
        if done.returncode:
            reason = next((line for line in done.stderr.splitlines() if "error" in line), done.stderr[:200] or "no message")
            raise CompilerError(f"The native engine cannot be compiled: {reason}. Check the compiler {compiler[0]!r}.")
        os.replace(Path(scratch, target.name), target)
    for old in set(folder.glob(f"engine-{variant}*.{ENDING}")) - {target}:
        with contextlib.suppress(OSError):  # Windows keeps a library that is in use
            old.unlink()
    return target
