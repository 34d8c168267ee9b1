"""Execute the notebooks of `examples/` and store them with their outputs, the pictures made small.

python docs/execute_notebooks.py [NAME…]
"""

from __future__ import annotations

import base64
import io
import re
import sys
import tempfile
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from PIL import Image

EXAMPLES = Path(__file__).parents[1] / "examples"
COLORS, WIDTH = 64, 760
"""Palette size and largest width of a picture, in pixels: the whole folder stays below 1.5 MB."""
IN_HTML = re.compile(r"(?<=data:image/png;base64,)[A-Za-z0-9+/=]+")


def small(encoded: str) -> str:
    """Return a PNG file in base64 with fewer colors and pixels."""
    image = Image.open(io.BytesIO(base64.b64decode(encoded))).convert("RGB")
    image.thumbnail((WIDTH, 10_000))
    buffer = io.BytesIO()
    image.quantize(COLORS).save(buffer, "PNG", optimize=True)
    shrunk = base64.b64encode(buffer.getvalue()).decode("ascii")
    return min(shrunk, encoded.replace("\n", ""), key=len)


def execute(path: Path) -> None:
    """Execute the notebook in an empty folder, and write it with its outputs."""
    notebook = nbformat.read(path, as_version=4)
    with tempfile.TemporaryDirectory() as folder:
        where = {"metadata": {"path": folder}}
        NotebookClient(notebook, timeout=600, resources=where, record_timing=False, coalesce_streams=True).execute()
    for cell in notebook.cells:
        for output in cell.get("outputs", ()):
            data = output.get("data", {})
            if "image/png" in data:
                data["image/png"] = small(data["image/png"])
            if "text/html" in data:
                data["text/html"] = IN_HTML.sub(lambda match: small(match[0]), data["text/html"])
    notebook.metadata["language_info"] = {"name": "python"}  # without the version of this machine
    nbformat.write(notebook, path)


if __name__ == "__main__":
    for each in sorted(EXAMPLES.glob("*.ipynb")):
        if not sys.argv[1:] or each.stem in sys.argv[1:]:
            execute(each)
