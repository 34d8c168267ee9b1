"""Declared forms of named arrays that somebody else may have written, and the first array that does not have its form."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from .arrays import Array
from .forms import LARGEST, FormError, Sizes

INTEGERS, FLOATS, TEXT = "iu", "f", "U"
"""Kinds of types, as NumPy abbreviates them."""
BYTE = "u1"


@dataclass(frozen=True)
class ArrayForm:
    """The form of an array, whose sizes are numbers or names, as in :mod:`convscope.system.forms`."""

    kind: str
    """:data:`INTEGERS`, :data:`FLOATS`, :data:`TEXT` or :data:`BYTE`."""
    shape: tuple[int | str, ...] = ()
    low: float = 0
    high: float | str = LARGEST
    """The largest value; the name of a size stands for one less."""
    size: str = ""
    """Of a number: the size that it gives."""
    choices: tuple[str, ...] = ()
    is_optional: bool = False
    is_ascending: bool = False


def check_arrays(forms: Mapping[str, ArrayForm], arrays: Mapping[str, Array], sizes: Sizes) -> dict[str, Array]:
    """Return the arrays that ``forms`` declares; FormError for the first that is missing or of another form."""
    checked = {}
    for name, form in forms.items():
        if name in arrays:
            _check(name, form, arrays[name], sizes)
            checked[name] = arrays[name]
        elif not form.is_optional:
            raise FormError(f"the array {name} is missing")
    return checked


def _check(name: str, form: ArrayForm, array: Array, sizes: Sizes) -> None:
    type_fits = array.dtype == np.uint8 if form.kind == BYTE else array.dtype.kind in form.kind
    if not type_fits or array.ndim != len(form.shape):
        wanted = {INTEGERS: "whole numbers", FLOATS: "floats", TEXT: "text", BYTE: "bytes"}[form.kind]
        raise FormError(f"{name} has {array.ndim} axes of {array.dtype}, not {len(form.shape)} of {wanted}")
    for axis, (found, size) in enumerate(zip(array.shape, form.shape, strict=True)):
        expected = sizes.setdefault(size, found) if isinstance(size, str) else size
        if found != expected:
            raise FormError(
                f"{name} has {found:,} instead of {expected:,} {size if isinstance(size, str) else ''} on axis {axis}"
            )
    if form.choices and str(array) not in form.choices:
        raise FormError(f"{name} is {str(array)[:60]!r}, not one of {', '.join(form.choices)}")
    if form.kind in (INTEGERS, FLOATS) and array.size:
        high = sizes[form.high] - 1 if isinstance(form.high, str) else form.high
        # Not a number compares as false.
        if not (array.min() >= form.low and array.max() <= high):
            raise FormError(
                f"{name} has values from {array.min():,} to {array.max():,}, not from {form.low:,g} to {high:,g}"
            )
        if form.is_ascending and (np.diff(array) <= 0).any():
            raise FormError(f"{name} does not ascend")
    if form.size and int(array) != sizes.setdefault(form.size, int(array)):
        raise FormError(f"{name} is {int(array):,}, but there are {sizes[form.size]:,} {form.size}")
