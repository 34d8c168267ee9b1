"""Copies of the images whose labels an audit doubts, in a folder to look through."""

import io
import os
import re
from pathlib import Path

from PIL import Image

from ...data.dataset import Dataset
from ...errors import OutputError, option
from ...system.files import check_writable, existing_folder, make_folder, refuse_impossible, write_bytes
from ...system.regular_files import open_regular
from ...types import Images, PathLike
from .suspects import LabelAudit

MAX_CLASS = 20
"""Characters of a class in the name of a copy, of up to four bytes each."""


def check_copies(folder: PathLike, source: str) -> Path:
    """Return ``folder``, or raise OutputError if it is not new or empty, or in the folder of the data, ``source``."""
    path = Path(folder)
    refuse_impossible(path, f"folder with {option('copy_to', 'DIR')}")
    if os.path.exists(path) and not (os.path.isdir(path) and next(path.iterdir(), None) is None):
        what = "is not empty" if os.path.isdir(path) else "is not a folder"
        raise OutputError(f"{str(path)!r} {what}. Choose a new or empty folder with {option('copy_to', 'DIR')}.")
    if os.path.isdir(source) and Path(os.path.realpath(path)).is_relative_to(os.path.realpath(source)):
        raise OutputError(
            f"{str(path)!r} is among the data, and would change them. Choose another folder with {option('copy_to', 'DIR')}."
        )
    check_writable(existing_folder(path) / path.name)
    return path


def copy_suspects(audit: LabelAudit, dataset: Dataset, folder: Path) -> None:
    """Copy all suspects into ``folder``, named by rank, given and suggested class.

    Image files are copied as they are; other images are written as PNG.
    """
    make_folder(folder)
    width, written = len(str(len(audit))), list[Path]()
    try:
        for number, (split, index, given, suggested, _) in enumerate(audit.rows()):
            images = dataset.train if split == "train" else dataset.test
            content, ending = _content(images.images[index], audit.files[number] if audit.files else "", dataset)
            name = f"{number + 1:0{width}}-{_plain(given)}-perhaps-{_plain(suggested)}-{split}-{index}{ending}"
            written.append(folder / name)
            write_bytes(folder / name, content)
    except OutputError:  # the next attempt needs an empty folder
        for each in written:
            each.unlink(missing_ok=True)
        raise


def _content(image: Images, name: str, dataset: Dataset) -> tuple[bytes, str]:
    file = Path(dataset.provenance.source, name)
    if name and os.path.isfile(file):
        with os.fdopen(open_regular(file), "rb") as original:
            return original.read(), _plain(file.suffix)
    png = io.BytesIO()
    Image.fromarray(image[..., 0] if image.shape[-1] == 1 else image).save(png, "PNG")
    return png.getvalue(), ".png"


def _plain(text: str) -> str:
    """Return ``text`` as it may be part of the name of a file on any system."""
    return re.sub(r"[^\w.+-]+", "_", text)[:MAX_CLASS]
