"""Declared forms of JSON values that somebody else may have written, and the first key that does not have its form.

A form is a type, as annotations have it (``int``, ``str | None``, ``tuple[float, float]``, a dataclass, a ``Literal``, and
``Annotated`` with a :class:`Between`), a dictionary of forms by key (``"key?"`` may be missing, ``"*"`` is any other), a list
``[form]`` of any length, or one of the classes below. Names of sizes stand for a number that all values which mention it must
agree on.
"""

import functools
import json
import re
import types
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields, is_dataclass
from datetime import datetime
from math import isfinite
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from .dataclass_json import OMIT, PROPERTIES, from_json, key_of, to_json

LARGEST, LARGEST_FLOAT = 2**53, 1e30
"""Of integers, all below which a float can hold, as JavaScript needs; of floats, if nothing else is declared."""
MAX_TEXT, MAX_DEPTH = 20_000, 50
"""Characters of a text, and values within values."""
OTHERS = "*"
"""Key of the form of all values that have none of their own."""
Sizes = dict[str, Any]
"""Of one run or study, by name; under ``NAME values`` those of a list of unique ones."""


class FormError(ValueError):
    """The first value that has another form than was declared; the text says which and what is wanted."""


@dataclass(frozen=True)
class Between:
    """Metadata of a number: the smallest and the largest value; the name of a size stands for one less."""

    low: float
    high: float | str


@dataclass(frozen=True)
class Size:
    """A whole number that is the size of this name."""

    name: str
    low: int = 0


@dataclass(frozen=True)
class Maybe:
    """A value of this form, or null."""

    form: Any


@dataclass(frozen=True)
class Items:
    """A list of as many values as the size of this name says."""

    form: Any
    size: str
    unique: bool = False
    """Whether the values differ; other values may be declared as a :class:`Member` of them."""
    low: int = 0
    high: int = LARGEST


@dataclass(frozen=True)
class Ascending:
    """An object of which the values of these keys do not fall."""

    form: Mapping[str, Any]
    keys: tuple[str, ...]


class Moment:
    """Stands for a date and time as ISO 8601 has them."""


@dataclass(frozen=True)
class Member:
    """One of the unique values of the list of this size."""

    size: str


Share = Annotated[float, Between(0, 1)]
Positive = Annotated[int, Between(1, LARGEST)]
NotNegative = Annotated[float, Between(0, LARGEST_FLOAT)]
Signed = Annotated[int, Between(-LARGEST, LARGEST)]


def check(form: Any, value: Any, sizes: Sizes, where: str = "") -> None:
    """Raise :class:`FormError` for the first part of ``value`` that is not of ``form``; fill in new ``sizes``."""
    if isinstance(form, Mapping):
        _check_keys(form, value, sizes, where)
    elif isinstance(form, Maybe):
        if value is not None:
            check(form.form, value, sizes, where)
    elif isinstance(form, list):
        _expect(isinstance(value, list), where, value, "a list")
        if form[0] is int and _are_counts(value):
            return
        for number, each in enumerate(value):
            check(form[0], each, sizes, f"{where}[{number}]")
    elif isinstance(form, Items):
        _expect(isinstance(value, list), where, value, "a list")
        _check_size(form.size, len(value), sizes, where, f"has {len(value):,} values", form.low, form.high)
        check([form.form], value, sizes, where)
        if form.unique:
            _expect(len(set(value)) == len(value), where, value, "a list without repetitions")
            sizes.setdefault(f"{form.size} values", frozenset(value))
    elif isinstance(form, Ascending):
        check(form.form, value, sizes, where)
        values = [value[key] for key in form.keys]
        _expect(values == sorted(values), where, values, f"ascending in {', '.join(form.keys)}")
    elif isinstance(form, Member):
        check(str, value, sizes, where)
        _expect(value in sizes.get(f"{form.size} values", {value}), where, value, f"one of the {form.size}")
    elif form is Moment:
        check(str, value, sizes, where)
        _expect(_is_moment(value), where, value, "a date and time such as 2026-01-31T12:00:00+00:00")
    elif isinstance(form, Size):
        _check_number(int, value, (form.low, LARGEST), where)
        _check_size(form.name, value, sizes, where, f"is {value:,}", form.low)
    elif is_dataclass(form):
        _check_dataclass(form, value, sizes, where)
    else:
        _check_hint(form, value, sizes, where)


def _are_counts(values: list[Any]) -> bool:
    """Whether all are whole numbers of at least 0, as the 90,000 of the confusion matrix of 300 classes: half a second faster."""
    return all(type(each) is int and 0 <= each <= LARGEST for each in values)


def _is_moment(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


def parse_json(content: bytes | str) -> Any:
    """Return a JSON value that somebody else may have written; ValueError for what is none, or no program should write."""
    try:
        value = json.loads(content)
        check_plain(value)
    except RecursionError as error:  # nested too deeply
        raise ValueError(str(error)) from error
    return value


def check_plain(value: Any, where: str = "", depth: int = 0) -> None:
    """Raise :class:`FormError` for what JSON can hold and no program should: NaN, numbers beyond 2⁵³, text that is no Unicode."""
    _expect(depth <= MAX_DEPTH, where, "nested deeper", f"nested at most {MAX_DEPTH} deep")
    if isinstance(value, dict):
        for key, each in value.items():
            _check_text(key, where)
            check_plain(each, f"{where}.{key}" if where else key, depth + 1)
    elif isinstance(value, list) and not _are_counts(value):
        for number, each in enumerate(value):
            check_plain(each, f"{where}[{number}]", depth + 1)
    elif isinstance(value, str):
        _check_text(value, where)
    elif isinstance(value, float):
        _expect(isfinite(value), where, value, "a finite number")
    elif isinstance(value, int):
        _expect(abs(value) <= LARGEST, where, value, "a number of at most 2⁵³")


def _check_text(value: str, where: str) -> None:
    # U+DC80 to U+DCFF is how Python holds names of files that are not UTF-8.
    is_text = value.isascii() or not re.search("[\ud800-\udc7f\udd00-\udfff]", value)
    _expect(is_text, where, value, "Unicode text")


def _check_keys(form: Mapping[str, Any], value: Any, sizes: Sizes, where: str) -> None:
    _expect(isinstance(value, dict), where, value, "an object")
    others = value.keys() - {name.removesuffix("?") for name in form} if OTHERS in form else set()
    for name, each in [*form.items(), *((other, form[OTHERS]) for other in sorted(others))]:
        if name == OTHERS:
            continue
        key = name.removesuffix("?")
        inner = f"{where}.{key}" if where else key
        if key in value:
            check(each, value[key], sizes, inner)
        elif key == name:
            raise FormError(f"{inner} is missing")


def _check_dataclass(kind: Any, value: Any, sizes: Sizes, where: str) -> None:
    """Check what :func:`to_json` wrote, and that it can be read back."""
    _check_keys(_keys_of(kind), value, sizes, where)
    if any(field.metadata == OMIT for field in fields(kind)):
        return
    try:
        to_json(from_json(kind, value))
    except (ArithmeticError, ValueError, TypeError) as error:
        raise FormError(f"{where} does not hold together ({error})") from error


@functools.cache
def _keys_of(kind: Any) -> dict[str, Any]:
    hints, keys = get_type_hints(kind, include_extras=True), {}
    for field in fields(kind):
        if (key := key_of(field)) is not None:
            has_default = field.default is not MISSING or field.default_factory is not MISSING
            # A size that is missing agrees with no other.
            is_size = any(isinstance(each, Size) for each in get_args(hints[field.name]))
            keys[f"{key}{'?' * (has_default and not is_size)}"] = hints[field.name]
    # A version that lacks a field lacks the properties that need it.
    optional = any(key.endswith("?") for key in keys)
    for name in getattr(kind, PROPERTIES, ()):
        keys[f"{name}{'?' * optional}"] = get_type_hints(getattr(kind, name).fget, include_extras=True)["return"]
    return keys


def _check_hint(hint: Any, value: Any, sizes: Sizes, where: str) -> None:
    origin, args = get_origin(hint), get_args(hint)
    if origin is Annotated:
        if isinstance(bounds := args[1], Between):
            high = sizes.get(bounds.high, LARGEST + 1) - 1 if isinstance(bounds.high, str) else bounds.high
            _check_number(args[0], value, (bounds.low, high), where)
        else:  # metadata of others say nothing here
            check(bounds if isinstance(bounds, (Size, Member)) else args[0], value, sizes, where)
    elif origin in (Union, types.UnionType):
        if value is not None or type(None) not in args:
            check(next(each for each in args if each is not type(None)), value, sizes, where)
    elif origin is Literal:
        _expect(isinstance(value, str) and value in args, where, value, f"one of {', '.join(args)}")
    elif isinstance(origin or hint, type) and issubclass(origin or hint, tuple) and args[-1:] != (...,):
        hints = get_type_hints(hint, include_extras=True) if hasattr(hint, "_fields") else dict(enumerate(args))
        _expect(isinstance(value, list) and len(value) == len(hints), where, value, f"a list of {len(hints)} values")
        for number, (each, item) in enumerate(zip(hints.values(), value, strict=True)):
            check(each, item, sizes, f"{where}[{number}]")
    elif isinstance(origin, type) and issubclass(origin, Mapping):
        _expect(isinstance(value, dict), where, value, "an object")
        for key, each in value.items():
            check(args[1], each, sizes, f"{where}.{key}")
    elif origin is not None:
        check([args[0]], value, sizes, where)
    else:
        _check_type(hint, value, where)


def _check_type(hint: Any, value: Any, where: str) -> None:
    if hint is int:
        _check_number(int, value, (0, LARGEST), where)
    elif hint is float:
        _check_number(float, value, (-LARGEST_FLOAT, LARGEST_FLOAT), where)
    elif hint is str:
        _expect(isinstance(value, str) and len(value) <= MAX_TEXT, where, value, f"text of at most {MAX_TEXT:,} characters")
    elif hint is bool:
        _expect(isinstance(value, bool), where, value, "true or false")


def _check_number(kind: type, value: Any, bounds: tuple[float, float], where: str) -> None:
    low, high = bounds
    kinds = (int,) if kind is int else (int, float)
    fits = isinstance(value, kinds) and not isinstance(value, bool) and low <= value <= high
    _expect(fits, where, value, f"a {'whole ' * (kind is int)}number from {low:,g} to {high:,g}")


def _check_size(name: str, size: int, sizes: Sizes, where: str, found: str, low: int, high: int = LARGEST) -> None:
    if not low <= size <= high:
        raise FormError(f"{where} {found}, but from {low:,} to {high:,} are possible")
    if size != sizes.setdefault(name, size):
        raise FormError(f"{where} {found}, but there are {sizes[name]:,} {name}")


def _expect(fits: bool, where: str, value: Any, wanted: str) -> None:
    if not fits:
        shown = f"a {type(value).__name__}" if isinstance(value, dict) else ascii(value)
        raise FormError(f"{where[:200] or 'the whole'} is {shown[:60]}, not {wanted}")
