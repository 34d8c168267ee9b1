"""Export to a folder for the Hugging Face Hub: the network, its numbers, and a model card with them.

Nothing is uploaded; a printed line does that.
"""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..formatting import count_of, percent, percent_range, printable, shorten_list
from ..runs import opening
from ..runs.files import KERAS_MODEL, METRICS, ONNX_MODEL
from ..runs.metrics_form import read_metrics
from ..runs.reading import read_request
from ..system.files import write_bytes, write_json, write_text
from ..system.regular_files import MAX_TEXT, open_bounded
from ..types import Floats, Images
from .keras import with_metadata
from .metadata import CHANNELS, HUB_CONFIG, ModelMetadata
from .onnx import logits_of_onnx, write_onnx
from .snippets import PYTHON, fill, snippets

CARD = "README.md"
CONTENTS = frozenset({CARD, ONNX_MODEL, KERAS_MODEL, METRICS, HUB_CONFIG})
MARK = "Written by convscope export."
"""In the first lines of the card: a folder without it is somebody's own."""
PUBLISHED = ("schema_version", "seed", "epochs", "parameters", "multiply_adds", "train_seconds", "test", "uncertainty")
"""Keys of the metrics in the folder; others may name the user's files."""
DATASETS = {"mnist": "ylecun/mnist", "fashion": "zalando-datasets/fashion_mnist"}
"""Names on the Hub."""


def is_hub_folder(path: Path) -> bool:
    """Return whether the folder ``path`` has a card that convscope wrote."""
    try:
        with open_bounded(path / CARD, MAX_TEXT) as file:
            return MARK.encode() in file.read(200)
    except OSError:
        return False


def logits_of_hub(path: Path, images: Images) -> Floats:
    """Map images (n, h, w, c) uint8 to logits (n, k) float32 with the network in the folder ``path``."""
    return logits_of_onnx(path / ONNX_MODEL, images)


def write_hub(folder: Path, path: Path, metadata: ModelMetadata) -> None:
    """Write the run in ``folder`` to the folder ``path``, which must not exist."""
    path.mkdir()
    write_onnx(folder, path / ONNX_MODEL, metadata)
    metrics, request = read_metrics(folder), read_request(folder)
    has_keras = opening.is_held(folder / KERAS_MODEL)
    if has_keras:
        write_bytes(path / KERAS_MODEL, with_metadata(opening.read_bytes(folder / KERAS_MODEL), metadata))
    write_json(path / METRICS, {name: metrics[name] for name in PUBLISHED if name in metrics})
    write_json(path / HUB_CONFIG, metadata.as_dict())
    write_text(path / CARD, _card(folder.resolve().name, request, metrics, metadata, has_keras=has_keras))


def _card(
    name: str, request: Mapping[str, Any], metrics: Mapping[str, Any], metadata: ModelMetadata, *, has_keras: bool
) -> str:
    dataset, test = request["dataset"], metrics["test"]
    known = DATASETS.get(dataset["name"])
    height, width, channels = metadata.image_shape
    measured = {"accuracy": test["accuracy"], "loss": test["loss"]}
    return fill(
        "model-card",
        mark=MARK,
        name=_quoted(name),
        title=_text(name),
        datasets=f"\ndatasets:\n- {known}" if known else "",
        dataset_id=_quoted(known or dataset["name"]),
        dataset=_quoted(dataset["name"]),
        metrics="\n".join(f"    - type: {kind}\n      value: {value}" for kind, value in measured.items()),
        num_classes=str(len(metadata.class_names)),
        class_names=_text(shorten_list(metadata.class_names, 10)),
        description=_text(dataset.get("description") or dataset["name"]),
        height=str(height),
        width=str(width),
        channels=CHANNELS.get(channels, f"{channels} channels"),
        version=request["versions"]["convscope"],
        epochs=count_of(metrics["epochs"], "epoch"),
        seed=str(metrics["seed"]),
        parameters=f"{metrics['parameters']:,}",
        num_test=f"{test['n']:,}",
        errors=f"{test['errors']:,}",
        accuracy=percent(test["accuracy"]),
        interval=percent_range(test["interval"]),
        program=snippets("onnx", Path(ONNX_MODEL), metadata)[PYTHON],
        keras=" and `model.keras`" if has_keras else "",
        licence=f" Licence of the data: {_text(dataset['licence'])}." if dataset.get("licence") else "",
    )


def _quoted(text: str) -> str:
    """Return a text as YAML has it in quotes, which is JSON without characters that YAML does not print."""
    return json.dumps(printable(text), ensure_ascii=False)


def _text(text: str) -> str:
    """Return a text as Markdown shows it: names of other people's are no markup, and no HTML."""
    return re.sub(r"([\\`*_\[\]<>#|~&$!:])", r"\\\1", printable(text))
