"""Short, complete programs that use an exported network, from the texts in ``programs``; the tests run them.

Each takes the name of an image file, prepares it and prints the classes. Where convscope is installed, it prepares the image as
the run does; elsewhere the image is only cropped and resized, and the program says so.
"""

import json
import re
import shlex
from pathlib import Path
from string import Template

from .metadata import ModelMetadata

PYTHON, JAVASCRIPT, UPLOAD = "Python", "JavaScript", "Upload"


def snippets(format_name: str, path: Path, metadata: ModelMetadata) -> dict[str, str]:
    """Return programs that use the network at ``path``, by language; for a folder for the Hub, the line that uploads it."""
    if format_name == "hub":
        return {UPLOAD: upload_line(path)}
    note = _note(metadata)
    warning = f"convscope is not installed: the image is only cropped and resized, and must be {note}"
    parts = {"prepare": fill("prepare", warning=json.dumps(warning)).strip(), "answers": fill("answers").strip()}
    programs = {PYTHON: fill(format_name, path=json.dumps(str(path), ensure_ascii=False), **parts)}
    if format_name == "onnx":
        kept = ("class_names", "image_shape", "pixel_scale", "temperature")
        about = {name: value for name, value in metadata.as_dict().items() if name in kept}
        literals = {"about": json.dumps(about, ensure_ascii=False), "path": json.dumps(path.name, ensure_ascii=False)}
        programs[JAVASCRIPT] = fill("web", note=note, **literals)
    return programs


def upload_line(path: Path) -> str:
    """Return the command that uploads a folder to the Hugging Face Hub, for a shell."""
    name = re.sub(r"[^A-Za-z0-9.-]+", "-", path.name.removesuffix("-hub")).strip("-.") or "model"
    place = f"./{path}" if str(path).startswith("-") else str(path)
    return f"hf upload {name} {shlex.quote(place)} .\n"


def fill(program: str, /, **values: str) -> str:
    """Return a text of the folder ``programs`` with its ``$names`` filled in."""
    return Template((Path(__file__).parent / "programs" / f"{program}.txt").read_text("utf-8")).substitute(values)


def _note(metadata: ModelMetadata) -> str:
    words = metadata.polarity or "like the training images"
    if metadata.digits is not None:
        one = metadata.content.removesuffix("s")
        return f"{words}, one {one}, cropped and centred as in the training set"
    return words
