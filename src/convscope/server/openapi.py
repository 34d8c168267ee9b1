"""The service in the words of OpenAPI 3.1, written by hand and held to by the tests."""

from __future__ import annotations

from typing import Any

from ..prediction.classifier import Classifier
from .limits import MEGABYTE, Limits

KINDS = ("image/png", "image/jpeg", "image/gif", "image/webp", "image/bmp", "image/tiff", "application/octet-stream")
NUMBER_OR_NULL = {"type": ["number", "null"]}
REASONS = {
    "400": "No HTTP, or a setting, a header or a length that makes no sense.",
    "401": "The token was not shown.",
    "403": "A page of another site asks.",
    "408": "The request did not come in time.",
    "411": "No Content-Length.",
    "413": "Longer than {megabytes} MB.",
    "415": "A form, and not a picture.",
    "421": "The header Host names another machine.",
    "422": "The body is no picture that can be read.",
    "429": "Too many wrong tokens; ask again after the seconds in Retry-After.",
    "431": "Too long a header.",
    "500": "A fault of the service.",
    "503": "Too much is under way; ask again after the seconds in Retry-After.",
    "505": "Another version of HTTP than 1.0 or 1.1.",
}
EVERYWHERE = ("400", "401", "403", "408", "421", "429", "431", "500", "503", "505")
OPEN = tuple(status for status in EVERYWHERE if status not in ("401", "429"))


def describe(classifier: Classifier, limits: Limits) -> dict[str, Any]:
    """The document, with the classes and the size of this network."""
    from .._version import __version__

    height, width, channels = classifier.fitting.image_shape
    colour = "grey" if channels == 1 else "RGB"
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "convscope",
            "version": __version__,
            "description": (
                f"Classifies pictures into {len(classifier.class_names)} classes. A picture of any size is fitted to the "
                f"network's {height} × {width} ({colour}). Where the service was started with a token, all but /health asks "
                "for it."
            ),
        },
        "paths": {
            "/": {"get": _get("The page of the run: what it was given, how good it is, where it fails.", "text/html", {
                "type": "string"}, missing="The service has no page.")},
            "/predict": {"post": _predict(limits)},
            "/openapi.json": {"get": _get("This document.", "application/json", {"type": "object"})},
            "/health": {"get": _get("Whether the service is well.", "application/json", {"$ref": "#/components/schemas/Health"},
                                    is_open=True)},
        },
        "components": {
            "schemas": _schemas(classifier.class_names),
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer"},
                "basic": {"type": "http", "scheme": "basic", "description": "Any name; the token is the password."},
            },
        },
        "security": [{}, {"bearer": []}, {"basic": []}],
    }  # fmt: skip


def _predict(limits: Limits) -> dict[str, Any]:
    picture = {"schema": {"type": "string", "format": "binary", "maxLength": limits.largest_body}}
    statuses = (*EVERYWHERE, "411", "413", "415", "422")
    return {
        "summary": "The classes of one picture, the most probable first.",
        "parameters": [
            {
                "name": "top",
                "in": "query",
                "description": "How many classes to answer with; all of them where there are not so many.",
                "schema": {"type": "integer", "minimum": 1, "default": 3},
            }
        ],
        "requestBody": {
            "description": "The bytes of the file. Its encoding is found out, whatever the Content-Type says.",
            "required": True,
            "content": dict.fromkeys(KINDS, picture),
        },
        "responses": {"200": _said("What convscope predict --json prints.", "Predictions"), **_reasons(statuses, limits)},
    }


def _get(
    summary: str, kind: str, schema: dict[str, Any], *, missing: str | None = None, is_open: bool = False
) -> dict[str, Any]:
    responses: dict[str, Any] = {"200": {"description": summary, "content": {kind: {"schema": schema}}}}
    if missing:
        responses["404"] = _said(missing, "Error")
    security: dict[str, Any] = {"security": [{}]} if is_open else {}
    return {"summary": summary, "responses": {**responses, **_reasons(OPEN if is_open else EVERYWHERE)}, **security}


def _reasons(statuses: tuple[str, ...], limits: Limits | None = None) -> dict[str, Any]:
    megabytes = limits.largest_body // MEGABYTE if limits else 0
    return {status: _said(REASONS[status].format(megabytes=megabytes), "Error") for status in sorted(statuses)}


def _said(description: str, schema: str) -> dict[str, Any]:
    content = {"application/json": {"schema": {"$ref": f"#/components/schemas/{schema}"}}}
    return {"description": description, "content": content}


def _schemas(class_names: tuple[str, ...]) -> dict[str, Any]:
    probability = {"type": "number", "minimum": 0, "maximum": 1}
    name = {"type": "string", "enum": sorted(set(class_names))}
    answer = _object({"class_name": name, "index": {"type": "integer", "minimum": 0}, "probability": probability})
    prediction = _object(
        {
            "name": {"type": "string"},
            "class_name": name,
            "probability": probability,
            "top": {"type": "array", "minItems": 1, "items": {"$ref": "#/components/schemas/Answer"}},
            "done": {"type": "array", "items": {"type": "string"}, "description": "What was done to the picture, in order."},
            "distance": {**NUMBER_OR_NULL, "description": "How far it lies from the images of the training."},
            "threshold": {**NUMBER_OR_NULL, "description": "Within which 99 in 100 images of known kinds lie."},
            "unfamiliar": {"type": ["boolean", "null"], "description": "Whether it is like nothing that the network knows."},
            "place": {
                "oneOf": [{"$ref": "#/components/schemas/Place"}, {"type": "null"}],
                "description": "Where in the picture it was found; null where the whole picture was taken.",
            },
        }
    )
    bad = _object({"name": {"type": "string"}, "reason": {"type": "string"}})
    predictions = _object(
        {
            "temperature": {"type": "number", "description": "Logits were divided by it."},
            "calibrated": {"type": "boolean", "description": "Whether it was measured; without that it is 1."},
            "unmeasured": {"type": ["string", "null"], "description": "Why there are no distances, where there are none."},
            "predictions": {"type": "array", "items": {"$ref": "#/components/schemas/Prediction"}},
            "bad": {"type": "array", "items": bad, "description": "Always empty here: one bad picture is an error, 422."},
        }
    )
    return {
        "Predictions": predictions,
        "Prediction": prediction,
        "Answer": answer,
        "Place": _object({name: {"type": "integer"} for name in ("x", "y", "width", "height", "number", "of")}),
        "Health": _object({"status": {"type": "string", "const": "ok"}}),
        "Error": _object({"error": {"type": "string", "description": "One sentence."}, "status": {"type": "integer"}}),
    }


def _object(properties: dict[str, Any]) -> dict[str, Any]:
    """With all of these, and maybe more in later versions."""
    return {"type": "object", "required": list(properties), "properties": properties}
