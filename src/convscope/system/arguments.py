"""The kinds of arguments, checked by their annotations before a function does anything."""

import functools
import inspect
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from numbers import Integral
from reprlib import repr as shortened
from types import NoneType, SimpleNamespace, UnionType
from typing import Any, Literal, ParamSpec, TypeAlias, TypeVar, Union, get_args, get_origin, get_type_hints

from ..errors import ConfigError, option
from ..formatting import join_words
from ..types import PathLike, is_number
from .files import is_path

P = ParamSpec("P")
R = TypeVar("R")
Kind: TypeAlias = tuple[str, Callable[[Any], bool]]
"""In words that follow “must be”, and whether a value is of it."""

A_LIST: Kind = ("a list", lambda value: isinstance(value, Iterable) and not isinstance(value, (str, bytes, Mapping)))
KINDS: Mapping[Any, Kind] = {
    bool: ("True or False", lambda value: isinstance(value, bool)),
    int: ("a whole number", lambda value: isinstance(value, Integral) and not isinstance(value, bool)),
    float: ("a number", is_number),
    str: ("a text", lambda value: isinstance(value, str)),
    os.PathLike: ("a path, a text that is not empty", is_path),
    Callable: ("a function", callable),
    Mapping: ("a dictionary", lambda value: isinstance(value, Mapping)),
    Sequence: A_LIST,
    Iterable: A_LIST,
    NoneType: ("None", lambda value: value is None),
}
FOR_TYPE_CHECKERS = {"Network": Any, "keras": SimpleNamespace(Model=Any), "Run": PathLike, "PathLike": PathLike}
"""What annotations name without importing it. A run is a path, too."""


def checked(function: Callable[P, R]) -> Callable[P, R]:
    """Let ``function`` raise a ConfigError for an argument of another kind than its annotation says.

    It has to check ranges and names itself, and what is annotated as a protocol or a generic type.
    """

    @functools.wraps(function)
    def call(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            given = inspect.signature(function).bind(*args, **kwargs).arguments
        except TypeError:
            given = {}  # the call below lets Python say what is missing or unknown
        check_kinds(function, given)
        return function(*args, **kwargs)

    return call


def check_kinds(annotated: Callable[..., Any], values: Mapping[str, Any]) -> None:
    """Raise a ConfigError for the first of ``values`` that is of another kind than the annotation of its name says."""
    for name, value in values.items():
        kinds = _kinds_by_name(annotated).get(name, [])
        if kinds and not any(includes(value) for _, includes in kinds):
            accepted = join_words([words for words, _ in kinds], "or")
            raise ConfigError(f"{_spelled(annotated, name)} must be {accepted}; got {shortened(value)}.")


def _spelled(annotated: Callable[..., Any], name: str) -> str:
    """Return a name as the caller spells it: what is no keyword stands alone on the command line, too."""
    parameter = inspect.signature(annotated).parameters.get(name)
    return option(name) if parameter is not None and parameter.kind is parameter.KEYWORD_ONLY else name


@functools.cache
def _kinds_by_name(annotated: Callable[..., Any]) -> Mapping[str, list[Kind]]:
    return {name: _kinds(hint) for name, hint in get_type_hints(annotated, localns=FOR_TYPE_CHECKERS).items()}


def _kinds(hint: Any) -> list[Kind]:
    """Return the kinds that an annotation allows; none if it does not say."""
    hints = get_args(hint) if get_origin(hint) in (Union, UnionType) else (hint,)
    details = {get_origin(each) or each: get_args(each) for each in hints}
    if os.PathLike in details:
        details.pop(str, None)  # a text is a path then
    found = []
    for kind, within in details.items():
        if kind in KINDS:  # of a list, the function checks the entries
            found.append(KINDS[kind])
        elif kind is Literal:
            found.append((join_words([*map(repr, within)], "or"), functools.partial(_is_name, within)))
        elif isinstance(kind, type) and kind is not Any and not within and not getattr(kind, "_is_protocol", False):
            found.append((kind.__name__, functools.partial(_is_instance, kind)))
        else:
            return []
    return found


def _is_name(names: tuple[str, ...], value: Any) -> bool:
    # Where there are several, the function that looks the name up says which is the nearest.
    return isinstance(value, str) and (len(names) > 1 or value in names)


def _is_instance(kind: type, value: Any) -> bool:
    return isinstance(value, kind)
