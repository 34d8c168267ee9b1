"""The listing is the architecture: imports run downward only, and no modules import each other in a circle."""

from __future__ import annotations

import ast
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1] / "src" / "convscope"
PACKAGES = ["_version", "errors", "types", "formatting", "system", "data", "models", "training", "analysis", "runs", "exporters",
            "figures", "studies", "page", "prediction", "server", "api", "__init__", "cli", "__main__"]  # fmt: skip
"""From the bottom up. ``__init__`` is the public API, which loads its names lazily: only the command line stands above it."""
LIBRARIES = {
    "PIL": {"analysis", "data"}, "cleanlab": {"analysis"}, "click": {"cli"}, "distributed": {"studies"}, "jinja2": {"page"},
    "filelock": {"runs"}, "loky": {"studies"}, "matplotlib": {"figures"}, "onnx": {"exporters"}, "onnxruntime": {"models"},
    "optuna": {"studies"}, "rich": {"cli"}, "tensorflow": {"exporters", "models", "training"}, "h11": {"server"},
}  # fmt: skip
"""Each library behind one package. ``exporters`` opens what it wrote as TensorFlow does: there is no other way to check it."""
MAX_LINES, MAX_FUNCTION_LINES = 400, 60


def module_name(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


SOURCES = {module_name(path): path for path in sorted(ROOT.rglob("*.py"))}
TREES = {name: ast.parse(path.read_text("utf-8")) for name, path in SOURCES.items()}


def imported(name: str) -> set[str]:
    """Return the modules of ours that a module imports, in functions and for type checkers too."""
    folder = SOURCES[name].relative_to(ROOT).parts[:-1]
    found = set()
    for node in ast.walk(TREES[name]):
        if isinstance(node, ast.ImportFrom) and node.level:
            base = [*folder[: len(folder) - node.level + 1], *(node.module or "").split(".")]
            for alias in node.names:
                full, short = (".".join(filter(None, parts)) for parts in ([*base, alias.name], base))
                found.add(full if full in SOURCES else short or "__init__")
        elif isinstance(node, ast.Import):
            found |= {"__init__" for alias in node.names if alias.name.split(".")[0] == "convscope"}
    return found - {name}


def package(name: str) -> int:
    return PACKAGES.index(name.split(".")[0])


@pytest.mark.parametrize("name", SOURCES)
def test_imports_run_downward_only(name: str) -> None:
    upward = {target for target in imported(name) if package(target) > package(name)}
    assert not upward, f"{name} imports {sorted(upward)}, which stand above it"


CONSTRUCTORS = {"data.dataset": {"data.load"}}
"""Methods that make an object with what stands above it, so that users find them where they look."""


def test_no_modules_import_each_other_in_a_circle() -> None:
    graph = {name: imported(name) - CONSTRUCTORS.get(name, set()) for name in SOURCES}
    list(TopologicalSorter(graph).static_order())  # raises CycleError, which names the circle


def test_a_library_stays_behind_its_package() -> None:
    for name, tree in TREES.items():
        for node in ast.walk(tree):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module] if isinstance(node, ast.ImportFrom) and node.module and not node.level else []
            for library in LIBRARIES.keys() & {each.split(".")[0] for each in names}:
                assert name.split(".")[0] in LIBRARIES[library], f"{name} imports {library}"


OPENS = {"open", "read_text", "read_bytes", "load_arrays", "fromfile", "memmap"}
"""Names of functions that open a file, whatever they belong to."""
OPENS_NO_RUN = {"cli.streams": "the null device", "page.bundle": "scripts of ours",
    "page.environment": "styles of ours", "page.text.glossary": "a text of ours", "server.application": "a document of ours",
    "prediction.prepare": "pictures", "exporters.onnx": "the model that it has just written", "runs.lock": "the folder",
    "exporters.snippets": "programs of ours", "page.own_page": "a template of ours",
    "api.study_worker": "the run that it has just trained", "server.worker": "the page that it has just written"}  # fmt: skip


def test_one_module_opens_the_files_of_a_run() -> None:
    above = [name for name in SOURCES if PACKAGES.index("runs") <= package(name)]
    for name in set(above) - OPENS_NO_RUN.keys() - {"runs.opening"}:
        for node in ast.walk(TREES[name]):
            if not isinstance(node, ast.Call):
                continue
            attribute = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            owner = getattr(node.func.value, "id", "") if isinstance(node.func, ast.Attribute) else ""
            assert attribute not in OPENS or owner in ("opening", "webbrowser"), (
                f"{name} line {node.lineno}: {attribute} opens a file"
            )


@pytest.mark.parametrize("name", SOURCES)
def test_modules_and_functions_stay_small(name: str) -> None:
    assert SOURCES[name].read_text("utf-8").count("\n") <= MAX_LINES
    for node in ast.walk(TREES[name]):
        if isinstance(node, ast.FunctionDef):
            documented = ast.get_docstring(node) is not None and len(node.body) > 1
            first = node.body[1].lineno if documented else node.lineno
            assert (node.end_lineno or 0) - first <= MAX_FUNCTION_LINES, f"{name}: {node.name} is too long"
