"""Short, complete programs that use an exported network, from the texts in ``programs``; the tests run them.

Each takes the name of an image file, resizes it and prints the classes. Only convscope itself finds the digit in a photo
and centres it; a comment in the program says so where it matters.
"""

import json
from pathlib import Path
from string import Template

from .metadata import ModelMetadata

PYTHON, JAVASCRIPT = "Python", "JavaScript"


def snippets(format_name: str, path: Path, metadata: ModelMetadata) -> dict[str, str]:
    """Return programs that use the network at ``path``, by language."""
    note = _note(metadata)
    parts = {"prepare": _fill("prepare", note=note).strip(), "answers": _fill("answers").strip()}
    programs = {PYTHON: _fill(format_name, path=json.dumps(str(path), ensure_ascii=False), **parts)}
    if format_name == "onnx":
        kept = ("class_names", "image_shape", "pixel_scale", "temperature")
        about = {name: value for name, value in metadata.as_dict().items() if name in kept}
        literals = {"about": json.dumps(about, ensure_ascii=False), "path": json.dumps(path.name, ensure_ascii=False)}
        programs[JAVASCRIPT] = _fill("web", note=note, **literals)
    return programs


def _fill(program: str, **values: str) -> str:
    return Template((Path(__file__).parent / "programs" / f"{program}.txt").read_text("utf-8")).substitute(values)


def _note(metadata: ModelMetadata) -> str:
    words = metadata.polarity or "like the training images"
    if metadata.digits is not None:
        one = metadata.content.removesuffix("s")
        return f"{words}, one {one}, centred as in the training set; convscope predict does that for a photo"
    return words
