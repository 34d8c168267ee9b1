"""Export to ``.keras``, with convscope's metadata among those of the archive."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

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
        with zipfile.ZipFile(saved) as old, zipfile.ZipFile(path, "w") as new:
            for member in old.infolist():
                content = old.read(member)
                # Keras reads its own keys of the metadata and ignores others.
                if member.filename == METADATA:
                    content = json.dumps({**json.loads(content), NAME: metadata.as_dict()}, ensure_ascii=False).encode()
                new.writestr(member, content)
    finally:
        saved.unlink(missing_ok=True)


def logits_of_keras(path: Path, images: Images) -> Floats:
    """Map images (n, h, w, c) uint8 to logits (n, k) float32 with Keras."""
    return keras_logits(with_logits(load_model(path)), images)
