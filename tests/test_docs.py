"""README, documents and change log agree with the code and the measurements."""

from __future__ import annotations

import re
import shlex
import sys
import tomllib
from pathlib import Path
from types import ModuleType
from typing import Any

import click
import griffe
import pytest

import convscope
from convscope.cli.main import VERBS, group
from convscope.models.architectures import MODELS
from convscope.runs import files
from convscope.training.config import SETTINGS
from convscope.training.engines import why_not_native
from convscope.training.recipes import RECIPES

from .scripts import load_script  # type: ignore[import-not-found]

ROOT = Path(__file__).parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
GENERATED = re.compile(r"(^|/)(reference/)?(command-line|python|glossary)\.md$|(^|/)project/[a-z-]+\.md$")
"""Pages that `docs/hooks.py` makes."""
README = (ROOT / "README.md").read_text("utf-8")


@pytest.fixture
def table() -> ModuleType:
    """Return `benchmarks/table.py` as a module."""
    return load_script(ROOT / "benchmarks" / "table.py")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_relative_link_has_a_target(page: Path) -> None:
    targets = re.findall(r"\]\((?!https?:|#)([^)#]+)", page.read_text("utf-8"))
    missing = {target for target in targets if not (page.parent / target).exists()}
    assert all(GENERATED.search(target) for target in missing)  # the build of the site is strict about these


@pytest.mark.parametrize("verb", sorted(VERBS))
def test_every_command_is_in_the_readme_and_explains_itself(verb: str) -> None:
    assert f"convscope {verb}" in README
    command = group.get_command(click.Context(group), verb)
    assert command is not None
    assert command.help
    assert VERBS[verb]
    assert all(option.help for option in command.params if isinstance(option, click.Option))


COMMAND = re.compile(
    rf"^(?: {{4}})?(?:\$ )?(convscope (?:{'|'.join(VERBS)})\b.*)$|`(convscope (?:{'|'.join(VERBS)})\b[^`]*)`", re.MULTILINE
)
REST = re.compile(r" [|>;&]|  +#| #|  ")
"""What follows a command on its line: a pipe, a file or a comment."""


@pytest.mark.parametrize("page", [page for page in PAGES if page.name != "CHANGELOG.md"], ids=lambda page: page.name)
def test_every_command_in_the_documentation_has_a_verb_and_options_that_exist(page: Path) -> None:
    for whole, mentioned in COMMAND.findall(page.read_text("utf-8")):
        words = shlex.split(REST.split((whole or mentioned).replace("NAME=VALUE", "epochs=2"))[0])
        verb = group.get_command(click.Context(group), words[1])
        assert verb is not None
        try:
            verb.make_context(words[1], words[2:])
        except click.MissingParameter:
            assert mentioned, whole
        except click.exceptions.Exit:  # after --help
            assert words[-1] == "--help"


@pytest.mark.slow
def test_the_reference_shows_the_types_of_settings_without_their_private_checks() -> None:
    extensions = griffe.load_extensions(ROOT / "docs" / "annotations.py")
    module = griffe.load("convscope.training.augmentation", search_paths=[ROOT / "src"], extensions=extensions)
    assert str(module["Augmentation.shift"].annotation) == "float"


def test_the_documentation_names_every_file_of_a_run_every_model_and_every_recipe() -> None:
    listed = (ROOT / "docs" / "reference" / "run-folder.md").read_text("utf-8")
    assert all(f"`{name}" in listed for name in files.KNOWN_FILES)
    assert all(f"`{name}`" in README for name in [*MODELS, *RECIPES])


def test_the_documentation_names_every_environment_variable_that_is_read() -> None:
    listed = (ROOT / "docs" / "reference" / "environment.md").read_text("utf-8")
    sources = "\n".join(path.read_text("utf-8") for path in (ROOT / "src").rglob("*.py"))
    read = set(re.findall(r"environ\.get\((\"?\w+)", sources))
    constants = dict(re.findall(r'^([A-Z_]+) = "([A-Z_]+)"$', sources, re.MULTILINE))
    named = {each[1:] if each.startswith('"') else constants.get(each, each) for each in read}
    assert {"CONVSCOPE_TRUST", "KERAS_HOME", "CC"} <= named
    ours = {"_CONVSCOPE_COMMAND_LINE", "NUM_PROCESSES", "PROCESS_ID", "name"}  # KERAS_DISTRIBUTION_* are listed as such
    assert {each for each in named - ours if f"`{each}`" not in listed} == set()


def test_the_table_of_settings_has_each_with_its_values() -> None:
    rows = re.findall(r"^\| `(\w+)` \| ([^|]+) \|", (ROOT / "docs" / "settings.md").read_text("utf-8"), re.MULTILINE)
    assert rows == [(name, setting.accepted) for name, setting in SETTINGS.items()]


def test_the_readmes_python_uses_names_that_exist() -> None:
    block = re.search(r"```python\n(.*?)```", README, re.DOTALL)
    assert block is not None
    compile(block[1], "README.md", "exec")
    assert set(re.findall(r"convscope\.(\w+)", block[1])) <= set(convscope.__all__)
    assert set(re.findall(r"run\.(\w+)", block[1])) - {"model"} <= set(dir(convscope.Run))


def test_the_documentation_says_what_every_extra_installs() -> None:
    installing = (ROOT / "docs" / "how-to" / "install.md").read_text("utf-8")
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["optional-dependencies"]
    rows = dict(re.findall(r"^\| `pip install '\.\[(\w+)\]'` \| (.+)", installing, re.MULTILINE))
    assert rows.keys() == extras.keys() - {"dev", "docs"}
    for extra, row in rows.items():
        packages = {re.split(r"[^\w-]", requirement)[0] for requirement in extras[extra]}
        assert packages & set(re.findall(r"[\w-]+", row.lower())), f"{extra} installs {packages}"


@pytest.mark.parametrize("path", [*PAGES, *(ROOT / "examples").glob("*.ipynb")], ids=lambda path: path.name)
def test_nothing_is_installed_by_a_name_that_an_index_may_give_to_another_package(path: Path) -> None:
    installed = re.findall(r"pip install [^`\n]*", path.read_text("utf-8"))
    by_name = [line for line in installed if re.search(r"(?<![/.\w])convscope", line)]
    assert not by_name or path.name in ("install.md", "bad-inputs.md")  # an extra, where it is installed already


def test_the_documented_network_of_ones_own_is_trained_by_the_native_engine() -> None:
    text = (ROOT / "docs" / "export-and-serve.md").read_text("utf-8").partition("## Your own model")[2]
    block = re.search(r"```python\n(.*?)```", text, re.DOTALL)
    assert block is not None
    names: dict[str, Any] = {}
    exec(block[1], names)
    assert why_not_native(names["build"]((28, 28, 1), 10)) == ""


def test_numbers_in_docs_readme_and_docstrings_are_the_measured_ones(table: ModuleType) -> None:
    generated = table.make()
    assert {path.name for path in generated} == {"benchmarks.md", "README.md", "scaling.md", "recipes.py"}
    for path, text in generated.items():
        assert path.read_text("utf-8") == text, f"run benchmarks/table.py: {path.name} is out of date"


def test_the_changelog_begins_with_what_is_unreleased_and_this_version_which_the_citation_names() -> None:
    headings = re.findall(r"^## \[([^\]]+)\]", (ROOT / "CHANGELOG.md").read_text("utf-8"), re.MULTILINE)
    assert headings[:2] == ["Unreleased", convscope.__version__]
    assert f"\nversion: {convscope.__version__}\n" in (ROOT / "CITATION.cff").read_text("utf-8")


def test_ci_tries_every_version_of_python_that_the_classifiers_name() -> None:
    named = set(re.findall(r'Python :: (3\.\d+)"', (ROOT / "pyproject.toml").read_text("utf-8")))
    assert set(re.findall(r'"(3\.\d+)"', (ROOT / ".github" / "workflows" / "test.yml").read_text("utf-8"))) == named


def test_constraints_are_names_with_exact_versions() -> None:
    lines = [line for line in (ROOT / "constraints.txt").read_text("utf-8").splitlines() if not line.startswith("#")]
    assert all(re.fullmatch(r"[A-Za-z0-9._-]+==[A-Za-z0-9.+!]+", line) for line in lines)


@pytest.mark.skipif(sys.platform == "win32", reason="the scripts are for a POSIX shell")
def test_the_make_targets_of_readme_and_ci_exist() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    used = re.findall(r"^ *make ([a-z-]+)", README + (ROOT / ".ci" / "run").read_text("utf-8"), re.MULTILINE)
    assert set(used) <= targets
    assert {"demo", "test"} <= set(used)
