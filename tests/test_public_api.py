from __future__ import annotations

import ast
import dataclasses
import inspect
import os
import re
import subprocess
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

import click
import pytest

import convscope
from convscope.cli.main import VERBS, group

DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


def python(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)


def test_public_names_are_sorted_and_all_there() -> None:
    assert convscope.__all__ == sorted(convscope.__all__)
    assert all(getattr(convscope, name) is not None for name in convscope.__all__)
    assert set(convscope.__all__) <= set(dir(convscope))


@pytest.mark.slow
def test_attributions_are_those_of_the_page_alone() -> None:
    """A second occlusion, of log-probabilities and another filling, had the name of the page's."""
    sources = (path.read_text("utf-8") for path in Path(convscope.__file__).parent.rglob("*.py"))
    defined = " ".join(node.name for text in sources for node in ast.walk(ast.parse(text)) if isinstance(node, DEFINITIONS))
    assert not re.search("occlusion|saliency|integrated_gradients", " ".join([defined, *convscope.__all__]), re.IGNORECASE)


def test_type_checkers_and_the_table_agree_on_every_public_name() -> None:
    tree = ast.parse(Path(convscope.__file__).read_text("utf-8"))
    block = next(node for node in tree.body if isinstance(node, ast.If) and isinstance(node.test, ast.Name))
    imports = [node for node in block.body if isinstance(node, ast.ImportFrom)]
    assert {alias.asname: node.module for node in imports for alias in node.names} == convscope._HOME


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="trian"):
        convscope.trian  # noqa: B018


def test_every_public_name_has_a_docstring() -> None:
    assert all(getattr(convscope, name).__doc__ for name in convscope.__all__)


def test_importing_is_silent_and_brings_nothing_heavy() -> None:
    result = python(
        "import convscope, sys; print(sorted({'numpy', 'keras', 'tensorflow', 'matplotlib'} & set(sys.modules)))"
    )
    assert (result.stdout, result.stderr) == ("[]\n", "")


@pytest.mark.budget
def test_importing_takes_at_most_a_tenth_of_a_second() -> None:
    code = "import time; start = time.process_time(); import convscope; print(time.process_time() - start)"
    assert min(float(python(code).stdout) for _ in range(3)) <= 0.1


def test_help_imports_no_module_of_a_verb() -> None:
    code = "import sys; from convscope.cli.main import main; main(['--help']); print({'numpy', 'rich'} & set(sys.modules))"
    assert python(code).stdout.endswith("set()\n")


def time_of_children() -> float:
    """Return the processor seconds of the processes that have ended."""
    times = os.times()
    return times.children_user + times.children_system


@pytest.mark.budget
def test_help_takes_at_most_three_tenths_of_a_second() -> None:
    def seconds() -> float:
        started = time_of_children()
        subprocess.run([sys.executable, "-m", "convscope", "--help"], capture_output=True, check=True)
        return time_of_children() - started

    assert min(seconds() for _ in range(3)) <= 0.3


TERMINAL_ONLY = {"as_json", "quiet", "open_page", "csv_file", "data_at"}
"""Flags without a keyword in Python."""
READING = {field.name: field.default for field in dataclasses.fields(convscope.ReadOptions)}
"""The keyword ``reading`` stands for these flags."""
PYTHON_ONLY = defaultdict(set, predict={"skip_bad_images"}, train={"if_exists", "callbacks"})
"""Keywords without a flag: the command always skips bad images, a shell repeats no cells, and it passes no functions."""

OF_CSV = {"evaluate": {"overwrite"}, "predict": {"overwrite"}, "mistakes": {"overwrite"}}
"""Flags that concern the file of ``--csv`` alone."""
OF_EXAMINE = {"thorough", "everything"}
"""Flags of `evaluate` that belong to the function ``examine`` in Python."""


def command_of(verb: str) -> click.Command:
    command = group.get_command(click.Context(group), verb)
    assert command is not None
    return command


@pytest.mark.parametrize("verb", VERBS)
def test_each_verb_is_the_command_of_its_module(verb: str) -> None:
    assert command_of(verb).name == verb


@pytest.mark.parametrize(
    "verb", ["train", "evaluate", "predict", "explain", "report", "audit", "compare", "export", "mistakes", "serve"]
)
def test_each_flag_has_the_name_and_the_default_of_the_keyword(verb: str) -> None:
    keywords = inspect.signature(getattr(convscope, verb)).parameters
    command = command_of(verb)
    needed = ["x" for parameter in command.params if isinstance(parameter, click.Argument) and parameter.required]
    given = command.make_context(verb, needed).params
    for parameter in command.params:
        if parameter.name in TERMINAL_ONLY or parameter.expose_value is False:
            continue
        if parameter.name in OF_CSV.get(verb, ()) or (verb == "evaluate" and parameter.name in OF_EXAMINE):
            continue
        if parameter.name in READING and parameter.name not in keywords:
            assert "reading" in keywords
            assert given[parameter.name] == READING[parameter.name]
            continue
        assert parameter.name in keywords
        if isinstance(parameter, click.Option):
            assert given[parameter.name] == keywords[parameter.name].default
    flags = {parameter.name for parameter in command.params}
    assert set(keywords) - {"progress", "reading"} - PYTHON_ONLY[verb] <= flags


def test_the_flag_everything_is_the_keyword_of_examine() -> None:
    given = command_of("evaluate").make_context("evaluate", ["run"]).params
    assert given["everything"] == inspect.signature(convscope.examine).parameters["everything"].default


@pytest.mark.parametrize("wrong", [None, 0, [], {}, 2.5, b"standard"], ids=repr)
def test_a_name_that_is_no_text_is_refused_as_an_unknown_one(wrong: Any) -> None:
    for call in (
        lambda: convscope.recipe(wrong),
        lambda: convscope.train("digits", recipe=wrong),
        lambda: convscope.train("digits", engine=wrong),
        lambda: convscope.train(
            "digits", settings={wrong: 1} if isinstance(wrong, (int, float, bytes, type(None))) else [wrong]
        ),
    ):
        with pytest.raises(convscope.ConfigError):
            call()
