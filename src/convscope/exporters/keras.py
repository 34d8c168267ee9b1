"""Export to ``.keras``, with convscope's metadata among those of the archive."""

import io
import json
import zipfile
from pathlib import Path

from ..models.keras_file import METADATA, checked_copy
from ..models.saving import keras_logits, load_model, with_logits
from ..runs.files import KERAS_MODEL
from ..types import Floats, Images
from .metadata import NAME, ModelMetadata


def write_keras(folder: Path, path: Path, metadata: ModelMetadata) -> None:
    """Write the Keras file of the run in ``folder``, which may hold no code, to ``path``; takes no Keras."""
    path.write_bytes(with_metadata(checked_copy(folder / KERAS_MODEL), metadata))


def with_metadata(archive: bytes, metadata: ModelMetadata) -> bytes:
    """Return the content of a ``.keras`` file with ``metadata`` among its own."""
    result = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(archive)) as old, zipfile.ZipFile(result, "w") as new:
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
