"""The OpenAPI 3.1 description of the service: ``openapi.json``, completed for one network."""

import json
from pathlib import Path
from typing import Any

from .._version import __version__
from .limits import MEGABYTE, Limits
from .work import Opened

TEMPLATE = Path(__file__).with_name("openapi.json")


def describe(run: Opened, limits: Limits) -> dict[str, Any]:
    """Return the document with the classes and the input size of this network."""
    document: dict[str, Any] = json.loads(TEMPLATE.read_text("utf-8"))
    height, width, channels = run.image_shape
    names, colour = run.class_names, "grey" if channels == 1 else "RGB"
    info, components = document["info"], document["components"]
    info["version"] = __version__
    info["description"] = info["description"].format(num_classes=len(names), height=height, width=width, colour=colour)
    components["schemas"]["ClassName"]["enum"] = sorted(set(names))
    components["schemas"]["ImageFile"]["maxLength"] = limits.largest_body
    too_large = components["responses"]["413"]
    too_large["description"] = too_large["description"].format(megabytes=limits.largest_body // MEGABYTE)
    return document
