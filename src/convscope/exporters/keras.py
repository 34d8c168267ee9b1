"""Export to ``.keras``, with convscope's metadata among those of the archive."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from ..models.keras_file import METADATA
from ..models.saving import keras_logits, load_model, with_logits
from ..system.files import temporary_name
from ..types import Floats, Images
from .metadata import NAME, ModelMetadata

if TYPE_CHECKING:
    import keras


def write_keras(model: keras.Model, path: Path, metadata: ModelMetadata) -> None:
    """Write ``model`` to ``path``."""
    # Keras saves only to names that end in .keras, and has no way to add metadata: save, then copy the archive.
    saved = path.parent / temporary_name(".keras")
    try:
        model.save(saved)
        path.write_bytes(with_metadata(saved, metadata))
    finally:
        saved.unlink(missing_ok=True)


def with_metadata(source: Path | BinaryIO, metadata: ModelMetadata) -> bytes:
    """Return the content of a ``.keras`` file, or of an open one, with ``metadata`` among its own."""
    result = io.BytesIO()
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(result, "w") as new:
        for member in old.infolist():
            content = old.read(member)
            # Keras reads its own keys of the metadata and ignores others.
            if member.filename == METADATA:
                content = json.dumps({**json.loads(content), NAME: metadata.as_dict()}, ensure_ascii=False).encode()
            new.writestr(member, content)
    return result.getvalue()


def logits_of_keras(path: Path, images: Images) -> Floats:
    """Map images (n, h, w, c) uint8 to logits (n, k) float32 with Keras."""
    return keras_logits(with_logits(load_model(path)), images)
