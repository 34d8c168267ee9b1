"""The original notebook rewritten with convscope, executed on MNIST and exported to HTML."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

NOTEBOOK = Path(__file__).parents[1] / "examples" / "mnist_cnn.ipynb"
pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]


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


def test_the_notebook_runs_without_an_error_and_without_a_warning(executed: Path) -> None:
    text = printed(executed)
    assert "WARNING" not in text
    assert "Warning:" not in text
    notebook = nbformat.read(executed, as_version=4)
    outputs = [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]
    assert not [output for output in outputs if output.output_type == "error"]
    assert not [output for output in outputs if output.get("name") == "stderr"]


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
    assert len(html) == len(shown) + 1
    assert all("<img" in each and "alt=" in each and "figcaption" in each for each in html)


def test_it_exports_as_a_dark_page(executed: Path) -> None:
    command = [sys.executable, "-m", "jupyter", "nbconvert", "--to", "html", "--HTMLExporter.theme=dark", executed.name]
    subprocess.run(command, cwd=executed.parent, check=True, capture_output=True)
    page = (executed.parent / "mnist_cnn.html").read_text("utf-8")
    assert 'data-jp-theme-light="false"' in page
    assert "Confusion Matrix Values" in page


def test_the_notebook_is_stored_without_outputs() -> None:
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    assert all(not cell.outputs and cell.execution_count is None for cell in notebook.cells if cell.cell_type == "code")
