"""A wheel holds the engine where a compiler works, the system's or Zig's, and is built without it elsewhere."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from convscope.data.dataset import Dataset
from convscope.errors import ConvscopeError
from convscope.models.architectures import MODELS
from convscope.training.native import build, library
from convscope.training.native import engine as native_engine

from ...scripts import load_script  # type: ignore[import-not-found]

ROOT = Path(__file__).parents[3]
NATIVE = "convscope/training/native/"
LIBRARIES = {build.library_path(variant).name for variant in build.variants_of_machine()}

needs_compiler = pytest.mark.skipif(not build.system_compilers(), reason="the system has no C compiler")


@pytest.fixture(scope="module")
def hook() -> ModuleType:
    """Return ``hatch_build.py``, loaded as hatchling does."""
    pytest.importorskip("hatchling")
    return load_script(ROOT / "hatch_build.py")


@pytest.fixture
def requirements(hook: ModuleType, tmp_path: Path) -> Callable[[], list[str]]:
    """Return what asks the hook for its requirements."""
    return hook.EngineHook(str(ROOT), {}, None, None, str(tmp_path), "wheel").dependencies


@pytest.fixture
def without_compiler(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Hide the system's compilers; return the only folder that is searched for commands."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.delenv("CC", raising=False)
    return folder


def command(path: Path, script: str) -> None:
    path.write_text(f"#!{sys.executable}\n{script}\n", "utf-8")
    path.chmod(0o755)


def wheel(tmp_path: Path) -> tuple[Path, set[str], str]:
    """Build a wheel of a copy of the tree, without its data; return it, the names in it, and what was said."""
    tree = tmp_path / "tree"
    ignored = shutil.ignore_patterns("__pycache__", "*.npz", "engine-*")
    shutil.copytree(ROOT / "src", tree / "src", ignore=ignored)
    for name in ("pyproject.toml", "hatch_build.py", "README.md", "LICENSE", ".gitignore"):
        shutil.copy(ROOT / name, tree)
    arguments = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    result = subprocess.run(arguments, cwd=tree, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    assert not list((tree / "src" / NATIVE).glob("engine-*"))
    (found,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(found) as archive:
        assert "convscope/data/images/example.png" in archive.namelist()
        names = {name.removeprefix(NATIVE) for name in archive.namelist() if name.startswith(NATIVE)}
    return found, names, result.stderr


@needs_compiler
@pytest.mark.slow
def test_compiling_replaces_libraries_of_other_sources(tmp_path: Path) -> None:
    first, last = build.variants_of_machine()[0], build.variants_of_machine()[-1]
    for variant in (first, last):
        (tmp_path / f"engine-{variant}-00000000.{build.ENDING}").touch()
    with pytest.raises(ConvscopeError, match="not compiled"):
        library.load_library(tmp_path)
    path = build.compile_variant(last, tmp_path, extra=("-O0",))
    assert path.name in LIBRARIES
    kept = {path.name} if first == last else {path.name, f"engine-{first}-00000000.{build.ENDING}"}
    assert {each.name for each in tmp_path.iterdir()} == kept
    assert library.load_library.__wrapped__(tmp_path)._name == str(path)


def test_the_name_of_a_library_follows_from_the_sources(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in build.SOURCES:
        shutil.copy(build.FOLDER / name, tmp_path)
    expected = build.library_path("generic").name
    monkeypatch.setattr(build, "FOLDER", tmp_path)
    assert build.library_path("generic").name == expected
    with (tmp_path / build.SOURCES[-1]).open("a") as file:
        file.write("\n")
    assert build.library_path("generic").name != expected


def test_every_link_of_the_description_leads_to_the_source(hook: ModuleType) -> None:
    metadata: dict[str, Any] = {"urls": {"Source": "https://example.org/source"}}
    hook.ReadmeHook(str(ROOT), {}).update(metadata)
    targets = re.findall(r"\]\(([^)]+)\)", metadata["readme"]["text"])
    assert "https://example.org/source/docs/images/zoom.gif?raw=true" in targets
    assert all(target.startswith("https://") for target in targets)


@needs_compiler
def test_a_compiler_that_works_is_all_that_a_build_needs(requirements: Callable[[], list[str]]) -> None:
    assert requirements() == []


@pytest.mark.skipif(sys.platform == "win32", reason="the scripts need a POSIX system")
@pytest.mark.parametrize("script", ["raise SystemExit(1)", "", None])
def test_a_compiler_that_fails_or_makes_nothing_counts_as_none(
    script: str | None, hook: ModuleType, requirements: Callable[[], list[str]], without_compiler: Path
) -> None:
    if script is not None:
        command(without_compiler / "gcc", script)
    assert requirements() == [hook.ZIGLANG]


def test_the_compiler_that_cc_names_comes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CC", "ccache 'my cc'")
    assert build.system_compilers()[0] == ["ccache", "my cc"]


@needs_compiler
@pytest.mark.slow
def test_a_wheel_built_with_a_compiler_holds_every_variant_and_the_sources(
    hook: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if sys.platform != "win32":  # nothing computes with these libraries: they need not be fast
        compiler = shlex.join(build.system_compilers()[0])
        (tmp_path / "cc").write_text(f'#!/bin/sh\nexec {compiler} "$@" -O0\n', "utf-8")
        (tmp_path / "cc").chmod(0o755)
        monkeypatch.setenv("CC", shlex.quote(str(tmp_path / "cc")))
    found, names, _ = wheel(tmp_path)
    assert found.name.split("-")[2:4] == ["py3", "none"]
    assert not found.stem.endswith("-any")
    assert names >= LIBRARIES | {*build.SOURCES, "build.py"}


@pytest.mark.slow
def test_a_wheel_built_without_any_compiler_is_pure(
    hook: ModuleType, tmp_path: Path, without_compiler: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "ziglang.py").write_text("raise SystemExit('no Zig for this machine')", "utf-8")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    found, names, said = wheel(tmp_path)
    assert found.name.endswith("-py3-none-any.whl")
    assert not names & LIBRARIES
    assert names >= {*build.SOURCES, "build.py"}
    assert "built without its native engine" in said


@pytest.mark.thorough
@pytest.mark.slow
def test_zig_builds_the_wheel_where_the_system_has_no_compiler_and_computes_the_same(
    hook: ModuleType, digits: Dataset, tmp_path: Path, without_compiler: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("ziglang")
    found, names, _ = wheel(tmp_path)
    assert names >= LIBRARIES
    with zipfile.ZipFile(found) as archive:
        for name in LIBRARIES:
            (tmp_path / name).write_bytes(archive.read(NATIVE + name))
    monkeypatch.undo()
    if not build.system_compilers():
        pytest.skip("the system has no compiler to compare with")
    by_zig = trained(tmp_path, digits, monkeypatch)
    (tmp_path / "system").mkdir()
    for variant in build.variants_of_machine():
        build.compile_variant(variant, tmp_path / "system")
    by_system = trained(tmp_path / "system", digits, monkeypatch)
    assert np.abs(by_zig - by_system).max() <= 1e-4


def trained(folder: Path, data: Dataset, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return logits after ten steps in the engine of a folder."""
    monkeypatch.setattr(native_engine, "load_library", lambda: library.load_library(folder))
    network = MODELS["cnn"](data.image_shape, data.num_classes)
    engine = native_engine.Engine(network, batch_size=32, threads=2)
    generator = np.random.default_rng(0)
    weights = {name: generator.normal(0, 0.1, each.shape).astype(np.float32) for name, each in engine.weights().items()}
    engine.set_weights(weights)
    engine.train(data.train.images, data.train.labels, np.arange(320), np.full(10, 0.001), native_engine.OptimizerSettings())
    logits = engine.logits(data.test.images)
    engine.close()
    return logits
