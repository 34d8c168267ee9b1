"""For the reference: settings have the type `float`, not `Annotated[float, …]` with the private check of its values."""

from __future__ import annotations

from typing import Any

import griffe


class Annotations(griffe.Extension):
    """Replaces each `Annotated` type of an attribute by the type itself."""

    def on_attribute_instance(self, *, attr: griffe.Attribute, **_: Any) -> None:
        """Change the annotation of ``attr``."""
        match attr.annotation:
            case griffe.ExprSubscript(left=griffe.ExprName(name="Annotated"), slice=griffe.ExprTuple(elements=[kind, *_])):
                attr.annotation = kind
