from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from typing import Any, get_args

import pytest

import convscope
from convscope import ConfigError, types

CHOICES: dict[str, list[tuple[Callable[..., Any], tuple[object, ...], str]]] = {
    "RecipeName": [
        (convscope.train, ("digits",), "recipe"),
        (convscope.study, ("digits",), "recipes"),
        (convscope.recipe, (), "name"),
    ],
    "EngineChoice": [(convscope.train, ("digits",), "engine")],
    "Balance": [(convscope.train, ("digits",), "balance"), (convscope.study, ("digits",), "balance")],
    "IfExists": [(convscope.train, ("digits",), "if_exists")],
    "ExportFormat": [(convscope.export, ("run",), "format")],
}
"""Arguments of public functions by the alias that lists their values."""


@pytest.mark.parametrize("alias", CHOICES)
def test_editors_complete_the_names_that_are_accepted(alias: str) -> None:
    for function, arguments, name in CHOICES[alias]:
        annotation = inspect.signature(function).parameters[name].annotation
        assert alias in str(annotation) or str(getattr(types, alias)) in str(annotation)
        with pytest.raises(ConfigError) as caught:
            function(*arguments, **{name: ["other"] if name == "recipes" else "other"})
        listed = re.sub(r"; got .*|.*(one of:?|must be) ", "", str(caught.value))
        assert sorted(set(re.findall(r"\w+", listed)) - {"or"}) == sorted(get_args(getattr(types, alias)))
