"""The notebooks of `examples/`: public names only, stored as they come out of executing them, and the original's contents."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

import convscope

EXAMPLES = Path(__file__).parents[1] / "examples"
NOTEBOOK = EXAMPLES / "mnist_cnn.ipynb"
ALL = pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.ipynb")), ids=lambda path: path.stem)
pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]


def code_cells(path: Path) -> list[Any]:
    return [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]


def kinds(cells: list[Any]) -> list[set[str]]:
    """Return what each cell shows: its streams and the media types of its results."""
    return [{kind for output in cell.outputs for kind in output.get("data", {output.get("name"): ""})} for cell in cells]


@ALL
def test_a_notebook_uses_public_names_only(path: Path) -> None:
    for cell in code_cells(path):
        for node in ast.walk(ast.parse(cell.source)):
            if isinstance(node, ast.ImportFrom):
                assert (node.module or "").partition(".")[0] != "convscope"
            elif isinstance(node, ast.Import):
                assert not any(alias.name.startswith("convscope.") for alias in node.names)
            elif isinstance(node, ast.Attribute):
                assert not node.attr.startswith("_")
                assert node.attr != "record" or ast.unparse(node.value) == "event"
                if ast.unparse(node.value) == "convscope":
                    assert node.attr in convscope.__all__


@ALL
def test_a_notebook_is_stored_as_it_comes_out_of_executing_it_once(path: Path) -> None:
    cells = code_cells(path)
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    outputs = [output for cell in cells for output in cell.outputs]
    assert all(output.output_type != "error" and output.get("name") != "stderr" for output in outputs)
    assert not re.search(r"/(root|home|tmp|work|Users)/", path.read_text("utf-8"))


def test_the_folder_of_notebooks_is_small() -> None:
    assert sum(path.stat().st_size for path in EXAMPLES.iterdir()) <= 1_500_000


@pytest.mark.thorough  # below, the longest is executed in any case
@pytest.mark.slow
@pytest.mark.parametrize("name", ["own_photos", "label_errors", "lesson"])
def test_executing_a_notebook_shows_what_is_stored(name: str, tmp_path: Path) -> None:
    notebook = nbformat.read(EXAMPLES / f"{name}.ipynb", as_version=4)
    NotebookClient(notebook, timeout=240, resources={"metadata": {"path": str(tmp_path)}}).execute()
    executed = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert kinds(executed) == kinds(code_cells(EXAMPLES / f"{name}.ipynb"))


@pytest.fixture(scope="module")
def executed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the notebook after execution with one epoch."""
    folder = tmp_path_factory.mktemp("notebook")
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    cell = next(cell for cell in notebook.cells if "EPOCHS = 10" in cell.source)
    cell.source = cell.source.replace("EPOCHS = 10", "EPOCHS = 1")
    NotebookClient(notebook, timeout=180, resources={"metadata": {"path": str(folder)}}).execute()
    nbformat.write(notebook, folder / "mnist_cnn.ipynb")
    return folder / "mnist_cnn.ipynb"


def printed(path: Path) -> str:
    notebook = nbformat.read(path, as_version=4)
    outputs = [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]
    texts = [output.text if output.output_type == "stream" else output.data.get("text/plain", "") for output in outputs]
    return re.sub(r"\x1b\[[0-9;]*m", "", "\n".join(texts))


@pytest.mark.slow
def test_the_notebook_runs_without_an_error_and_without_a_warning(executed: Path) -> None:
    text = printed(executed)
    assert "WARNING" not in text
    assert "Warning:" not in text
    notebook = nbformat.read(executed, as_version=4)
    outputs = [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]
    assert not [output for output in outputs if output.output_type == "error"]
    assert not [output for output in outputs if output.get("name") == "stderr"]


@pytest.mark.slow
def test_it_shows_the_kinds_of_results_that_are_stored(executed: Path) -> None:
    assert kinds(code_cells(executed)) == kinds(code_cells(NOTEBOOK))


@pytest.mark.slow
def test_it_prints_what_the_original_printed(executed: Path) -> None:
    text = printed(executed)
    assert "The first value of x_train as a matrix:" in text
    assert re.search(r"3\s+18\s+18\s+18\s+126\s+136\s*\n?\s*175\s+26\s+166\s+255\s+247\s+127", text)
    assert "The first value of x_train as an image:" in text
    assert "Total params: 108,618 (424.29 KB)" in text
    assert re.search(
        r"cnn: Epoch 1/1 - \d+s - loss: 0\.\d{4} - accuracy: 0\.\d{4} - val_loss: 0\.\d{4} - val_accuracy: 0\.9", text
    )
    assert "Confusion Matrix Values:" in text


@pytest.mark.slow
def test_it_shows_every_figure_with_alternative_text(executed: Path) -> None:
    notebook = nbformat.read(executed, as_version=4)
    shown = [cell.source for cell in notebook.cells if cell.cell_type == "code" and cell.source.startswith("figures")
             and "figures = " not in cell.source]  # fmt: skip
    html = [
        output.data["text/html"]
        for cell in notebook.cells
        if cell.cell_type == "code"
        for output in cell.outputs
        if output.output_type == "execute_result" and "<figure>" in output.data.get("text/html", "")
    ]
    assert len(html) == len(shown)
    assert all("<img" in each and "alt=" in each and "figcaption" in each for each in html)


@pytest.mark.slow
def test_it_exports_as_a_dark_page(executed: Path) -> None:
    command = [sys.executable, "-m", "jupyter", "nbconvert", "--to", "html", "--HTMLExporter.theme=dark", executed.name]
    subprocess.run(command, cwd=executed.parent, check=True, capture_output=True)
    page = (executed.parent / "mnist_cnn.html").read_text("utf-8")
    assert 'data-jp-theme-light="false"' in page
    assert "Confusion Matrix Values" in page
