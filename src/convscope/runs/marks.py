"""Files with the name of a file of a run that convscope wrote, known by their content where no manifest lists them.

Before a run is complete it has no manifest, and what lies beside its files may be the user's.
"""

import contextlib
import csv
import os
from pathlib import Path

from ..errors import RunError
from ..system.arrays import MARK
from ..system.forms import parse_json
from ..training.history import COLUMNS
from . import ledger
from .files import FIGURES, HISTORY, LEDGER, METRICS, ONNX_MODEL, REPORT, REQUEST, is_page
from .opening import open_file

REQUEST_KEYS = frozenset({"schema_version", "command", "recipe", "versions"})
"""Of a ``run.json`` that convscope wrote; other programs have a file of that name, too."""
METRICS_KEYS = frozenset({"schema_version", "train_seconds", "wall_seconds", "parameters"})


def is_marked(file: Path) -> bool:
    """Return whether convscope wrote the file, as its content says; figures are those of marked metrics beside them."""
    if file.name == FIGURES:
        return is_marked(file.with_name(METRICS))
    with contextlib.suppress(RunError, ValueError, OSError, AttributeError), open_file(file) as opened:
        if file.suffix in (".npz", ".keras"):
            opened.seek(-len(MARK), os.SEEK_END)
            return opened.read() == MARK
        content = opened.read()
        if file.name in (REQUEST, METRICS):
            return bool(parse_json(content.decode()).keys() >= (REQUEST_KEYS if file.name == REQUEST else METRICS_KEYS))
        if file.name == HISTORY:
            return next(csv.reader([content.decode().partition("\n")[0]])) == list(COLUMNS)
        if file.name == LEDGER:
            return not content or bool(ledger.read(file.parent))
        return MARK in content if file.name == ONNX_MODEL else file.name == REPORT and is_page(content)
    return False
