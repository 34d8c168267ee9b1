"""``.keras``: the network for whoever goes on with it in Keras, with the contract in the archive's metadata."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import ConvscopeError, RunError
from ..models.saving import load_model, with_logits
from ..types import Floats, Images
from .contract import NAME, Contract, from_metadata
from .onnx import keras_logits

if TYPE_CHECKING:
    import keras

METADATA = "metadata.json"


def write_keras(model: keras.Model, path: Path, contract: Contract) -> None:
    """Write ``model`` to ``path``. Keras reads the metadata for its own keys and leaves others alone."""
    saved = path.with_name(f"{path.stem}-saved.keras")
    try:
        model.save(saved)
        with zipfile.ZipFile(saved) as old, zipfile.ZipFile(path, "w") as new:
            for member in old.infolist():
                content = old.read(member)
                if member.filename == METADATA:
                    content = json.dumps({**json.loads(content), NAME: contract.as_dict()}, ensure_ascii=False).encode()
                new.writestr(member, content)
    finally:
        saved.unlink(missing_ok=True)


def contract_in(path: Path, image_shape: tuple[int, int, int]) -> Contract | None:
    """The contract in the file, for a network that takes (h, w, c); None where convscope did not export it. Raises
    :class:`RunError` where it makes no sense."""
    try:
        with zipfile.ZipFile(path) as archive:
            said = json.loads(archive.read(METADATA))
        if NAME not in said:
            return None
        return from_metadata({NAME: json.dumps(said[NAME])}, image_shape)
    except ConvscopeError:
        raise
    except (zipfile.BadZipFile, OSError, KeyError, TypeError, ValueError) as error:
        raise RunError(
            f"{str(path)!r} does not say what its network wants of pictures ({error!r}); a .keras file of `convscope export` "
            "was expected. Export it again."
        ) from error


def logits_of_keras(path: Path, images: Images) -> Floats:
    """(n, h, w, c) uint8 → (n, k) float32, of the file as Keras opens it."""
    return keras_logits(with_logits(load_model(path)), images)
