"""Hatchling's hooks: the native engine, compiled into the wheel or left out where nothing compiles it, and the README's links."""

from __future__ import annotations

import importlib.util
import os
import platform
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import ModuleType
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface
from hatchling.metadata.plugin.interface import MetadataHookInterface

PACKAGE = "convscope/training/native"
NATIVE = Path(__file__).parent / "src" / PACKAGE
ZIGLANG = "ziglang>=0.17"
"""Zig's compiler as a package: Clang with the C libraries of every system."""
ZIG = [sys.executable, "-m", "ziglang", "cc"]
PROBE = """
#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
static void *work(void *number) { *(float *)number = sqrtf(*(float *)number); return 0; }
int probe(float number) { pthread_t thread; return pthread_create(&thread, 0, work, &number); }
"""


def _load_build() -> ModuleType:
    """Load the package's ``build`` by its path: where a wheel is built, the package's dependencies are not installed."""
    spec = importlib.util.spec_from_file_location("convscope_native_build", NATIVE / "build.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


build = _load_build()


class EngineHook(BuildHookInterface):  # type: ignore[misc] # mypy does not follow hatchling
    """Asks for Zig where the system has no compiler, and adds the engine to the wheel or, if editable, to the source tree."""

    def dependencies(self) -> list[str]:
        """Return what the build needs beside hatchling."""
        return [] if next(working_compilers(with_zig=False), None) or not zig_has_this_platform() else [ZIGLANG]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Compile the engine before the wheel is written."""
        if version == "editable":
            build_engine(NATIVE)
            return
        self._folder = tempfile.TemporaryDirectory(
            prefix="convscope-"
        )  # not the tree: its libraries may be another machine's
        libraries = build_engine(Path(self._folder.name))
        if libraries:
            build_data["force_include"].update({str(path): f"{PACKAGE}/{path.name}" for path in libraries})
            system = self.build_config.builder.get_best_matching_tag().rpartition("-")[2]
            build_data["tag"], build_data["pure_python"] = f"py3-none-{system}", False

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Remove what was compiled once the wheel holds it."""
        if version != "editable":
            self._folder.cleanup()


class ReadmeHook(MetadataHookInterface):  # type: ignore[misc] # mypy does not follow hatchling
    """Lets the README's links lead to the source: an index of packages shows it without the files beside it."""

    def update(self, metadata: dict[str, Any]) -> None:
        """Set the description of the package."""
        text = Path(self.root, "README.md").read_text("utf-8")
        linked = re.sub(r"\]\((?!https?:|#)", f"]({metadata['urls']['Source']}/", text)
        metadata["readme"] = {"content-type": "text/markdown", "text": linked.replace(".gif)", ".gif?raw=true)")}


def build_engine(folder: Path) -> list[Path]:
    """Compile the variants that a folder lacks; return the libraries of all, or none where nothing can compile them."""
    libraries = {variant: build.library_path(variant, folder) for variant in variants()}
    missing = [variant for variant, path in libraries.items() if not path.is_file()]
    reason = "no C compiler works here, and Zig does not either"
    for compiler in working_compilers() if missing else ():
        try:
            with ThreadPoolExecutor(os.cpu_count()) as pool:
                list(pool.map(lambda variant, using=compiler: build.compile_variant(variant, folder, using), missing))
            missing = []
            break
        except build.CompilerError as error:
            reason = str(error)
    if missing:
        sys.stderr.write(f"convscope is built without its native engine, so training will be slower: {reason}\n")
        return []
    return list(libraries.values())


def variants() -> list[str]:
    """Return the variants to build: this machine's or, on macOS, those of the machines that ``ARCHFLAGS`` names."""
    named = re.findall(r"-arch\s+(\S+)", os.environ.get("ARCHFLAGS", "")) if sys.platform == "darwin" else []
    return [variant for machine in named or [""] for variant in build.variants_of_machine(machine)]


def working_compilers(*, with_zig: bool = True) -> Iterator[list[str]]:
    """Try the system's compilers, then Zig, and yield those that work."""
    zig = [ZIG] if with_zig and zig_has_this_platform() else []
    yield from filter(works, [*build.system_compilers(), *zig])


def works(compiler: Sequence[str]) -> bool:
    """Return whether a compiler makes a shared library with threads: one without the C library's headers counts as none."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "probe.c").write_text(PROBE, "utf-8")
        command = [*compiler, *build.options(compiler, variants()[0]), "-o", "probe.out", "probe.c", "-lpthread", "-lm"]
        try:
            done = subprocess.run(command, cwd=folder, capture_output=True, check=False)  # noqa: S603 - the compiler
        except OSError:
            return False
        return done.returncode == 0 and Path(folder, "probe.out").is_file()


def zig_has_this_platform() -> bool:
    """Return whether the package ``ziglang`` can be installed here and compiles for this machine."""
    known = platform.machine().lower() in ("x86_64", "amd64", "aarch64", "arm64")
    return known and sys.platform in ("linux", "darwin", "win32")
