"""A room imports only from rooms below it, never sideways. See the design, section 3."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "src" / "convscope"
FLOORS = {
    "errors": 0, "types": 0, "formatting": 0, "_version": 0, "files": 0, "arrays": 0, "claims": 0, "runs": 0, "ledger": 0,
    "model_files": 0, "processor": 0, "machine": 0 ,
    "dataclass_json": 0, "migrations": 0,
    "data": 1,
    "models": 2,
    "training": 3, "request": 4,
    "analysis": 4,
    "yardsticks_file": 5,
    "figures": 6, "export": 6, "archive": 6, "suspects_file": 6, "votes": 6,
    "page": 7, "prediction": 7, "drawing": 7, "other_seeds": 7,
    "reporting": 8, "trained_run": 8, "explaining": 8, "server": 8,
    "experiment": 9, "predicting": 9, "mistaken": 9, "exporting": 9, "serving": 9,
    "auditing": 10, "examining": 10, "comparing": 10, "study": 10,
    "api": 11,
    "cli": 12, "__main__": 13, "__init__": 13,
}  # fmt: skip
WITHIN_FLOOR_0 = {
    "files": {"errors", "types"},
    "arrays": {"errors", "files"},
    "claims": {"errors", "files"},
    "ledger": {"migrations", "types"},
    "machine": {"_version", "processor"},
    "model_files": {"types"},
    "runs": {"claims", "errors", "files", "model_files", "run_files", "types"},
}
"""The lowest floor holds single files, of which some stand on others."""
MODULES = sorted(PACKAGE.rglob("*.py"))


@cache
def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"))


def room_of(path: Path) -> str:
    first = path.relative_to(PACKAGE).parts[0]
    return first.removesuffix(".py")


def imports_of(path: Path) -> list[tuple[int, str]]:
    """(line, room) of every import of ours, lazy ones included."""
    package = ("convscope", *path.relative_to(PACKAGE).parts[:-1])
    found = []
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else ()
            names = [*base, *(node.module.split(".") if node.module else [])]
            if names[:1] != ["convscope"]:
                continue
            targets = [names[1]] if len(names) > 1 else [alias.name for alias in node.names]
            found += [(node.lineno, target) for target in targets]
        elif isinstance(node, ast.Import):
            found += [(node.lineno, alias.name.split(".")[1]) for alias in node.names if alias.name.startswith("convscope.")]
    return found


def test_every_module_lives_in_a_room() -> None:
    assert {room_of(path) for path in MODULES} == set(FLOORS)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_run_downward_only(path: Path) -> None:
    room = room_of(path)
    for line, target in imports_of(path):
        if target == "__version__" or target == room or target in WITHIN_FLOOR_0.get(room, ()):
            continue
        assert FLOORS[target] < FLOORS[room], f"{path.name}:{line}: {room} imports {target}"


@pytest.mark.parametrize(
    ("module", "rooms"),
    # `export` opens what it wrote as TensorFlow does: there is no other way to check it.
    [("matplotlib", {"figures"}), ("onnx", {"export"}), ("tensorflow", {"export", "training"}), ("click", {"cli"}),
     ("rich", {"cli"}), ("jinja2", {"page"}), ("starlette", {"server"}), ("uvicorn", {"server"}), ("onnxruntime", {"models"}),
     ("PIL", {"data"}), ("cleanlab", {"analysis"}), ("joblib", {"study"}), ("distributed", {"study"}),
     ("optuna", {"study"})],
)  # fmt: skip
def test_a_library_stays_in_its_room(module: str, rooms: set[str]) -> None:
    for path in MODULES:
        for node in ast.walk(parsed(path)):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else (
                [node.module] if isinstance(node, ast.ImportFrom) and node.module and not node.level else [])  # fmt: skip
            if any(name.split(".")[0] == module for name in names):
                assert room_of(path) in rooms, f"{path}: imports {module}"


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_modules_and_functions_stay_small(path: Path) -> None:
    source = path.read_text("utf-8")
    assert source.count("\n") <= 400
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef):
            assert node.end_lineno is not None
            docstring = (ast.get_docstring(node, clean=False) or "").count("\n")
            assert node.end_lineno - node.lineno - docstring <= 60, f"{path.name}: {node.name} is too long"


def test_nothing_is_called_after_nothing() -> None:
    forbidden = {"utils", "helpers", "common", "manager", "core", "misc"}
    assert not [path for path in MODULES if forbidden & set(path.stem.split("_"))]
