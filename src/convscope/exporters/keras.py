"""Export to ``.keras``, with convscope's metadata among those of the archive."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import ConvscopeError, RunError
from ..models.saving import keras_logits, load_model, with_logits
from ..system.files import temporary_name
from ..types import Floats, Images
from .metadata import NAME, ModelMetadata, from_metadata

if TYPE_CHECKING:
    import keras

METADATA = "metadata.json"


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


def read_metadata(path: Path, image_shape: tuple[int, int, int]) -> ModelMetadata | None:
    """Return convscope's metadata in the file, for a network that takes (h, w, c); None if there are none."""
    try:
        with zipfile.ZipFile(path) as archive:
            document = json.loads(archive.read(METADATA))
        return from_metadata({NAME: json.dumps(document[NAME])}, image_shape) if NAME in document else None
    except ConvscopeError:
        raise
    except (zipfile.BadZipFile, OSError, KeyError, TypeError, ValueError) as error:
        raise RunError(
            f"the metadata of {str(path)!r} are damaged ({error!r}). Export it again with `convscope export`."
        ) from error


def logits_of_keras(path: Path, images: Images) -> Floats:
    """Map images (n, h, w, c) uint8 to logits (n, k) float32 with Keras."""
    return keras_logits(with_logits(load_model(path)), images)
