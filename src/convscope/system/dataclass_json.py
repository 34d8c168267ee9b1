"""JSON forms of frozen dataclasses: their fields by name, nested, and back."""

import functools
import types
from collections.abc import Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

import numpy as np

T = TypeVar("T")
PROPERTIES = "JSON_PROPERTIES"
"""Class variable that names the properties a dataclass writes besides its fields. Reading ignores them."""
OMIT: Mapping[str, str | None] = {"json": None}
"""Metadata of a field that JSON does not hold; :func:`from_json` takes its value as a keyword argument."""


def to_json(instance: Any) -> dict[str, Any]:
    """Return the fields and the ``JSON_PROPERTIES`` of a dataclass as plain JSON values.

    Named tuples, tuples and arrays become lists, NumPy scalars Python numbers, nested dataclasses dictionaries.
    """
    names = {key: field.name for field in fields(instance) if (key := key_of(field)) is not None}
    names |= {name: name for name in getattr(instance, PROPERTIES, ())}
    return {key: _to_plain(getattr(instance, name)) for key, name in names.items()}


def from_json(cls: type[T], data: Mapping[str, Any], **given: Any) -> T:
    """Return the dataclass ``cls`` that :func:`to_json` wrote as ``data``; KeyError, TypeError or ValueError if it is none.

    Keys of ``data`` that are no fields are ignored: properties, and what later versions may add. A field with a default may
    be missing; ``given`` are the values of fields that JSON does not hold. Annotations must resolve in their module.
    """
    kind: Any = cls
    hints, values = _hints(kind), dict(given)
    for field in fields(kind):
        key = key_of(field)
        if key is None or field.name in given:
            continue
        if key in data:
            values[field.name] = _from_plain(hints[field.name], data[key])
        elif field.default is MISSING and field.default_factory is MISSING:
            raise KeyError(key)
    return cls(**values)


def key_of(field: Field[Any]) -> str | None:
    """Return the key of ``field``: its name, unless its metadata give another under ``json``."""
    key: str | None = field.metadata.get("json", field.name)
    return key


@functools.cache
def _hints(cls: type[Any]) -> dict[str, Any]:
    return get_type_hints(cls)


def _to_plain(value: Any) -> Any:
    if is_dataclass(value):
        return to_json(value)
    if isinstance(value, (np.ndarray, np.generic)):
        return value.tolist()
    if isinstance(value, (tuple, list)):
        return [_to_plain(each) for each in value]
    if isinstance(value, Mapping):
        return {key: _to_plain(each) for key, each in value.items()}
    return value


def _from_plain(hint: Any, value: Any) -> Any:
    origin, args = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):
        return None if value is None else _from_plain(next(each for each in args if each is not type(None)), value)
    if origin is tuple:
        kinds = [args[0]] * len(value) if args[-1] is ... else args
        return tuple(_from_plain(kind, each) for kind, each in zip(kinds, value, strict=True))
    if origin is np.ndarray:
        kind = get_args(args[1])[0]  # np.floating[Any] is no type: NumPy chooses
        return np.asarray(value, kind if isinstance(kind, type) else None)
    if isinstance(hint, type) and is_dataclass(hint):
        return from_json(hint, value)
    if isinstance(hint, type) and issubclass(hint, tuple) and (names := getattr(hint, "_fields", ())):
        named = get_type_hints(hint)
        return hint(*(_from_plain(named[name], each) for name, each in zip(names, value, strict=True)))
    return float(value) if hint is float else value
