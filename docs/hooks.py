"""Pages of the site that are generated: the reference from the code, and files of the repository's root."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import click
from mkdocs.structure.files import File, Files

import convscope
from convscope.cli.main import VERBS, group
from convscope.page.text.glossary import GLOSSARY

ROOT = Path(__file__).parents[1]
SOURCE = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["urls"]["Source"]
OUTSIDE = re.compile(r"\]\((?:\.\./)+(?!(?:docs|images)/)([A-Za-z_.][^)]*)\)")
"""Links from a document to a file of the repository that is not part of the site."""
COPIED = {
    "changelog": "CHANGELOG.md", "contributing": "CONTRIBUTING.md", "architecture": "ARCHITECTURE.md", "security": "SECURITY.md",
    "benchmark-log": "benchmarks/LOG.md",
}  # fmt: skip
WIDTH = 80
"""Characters of a line in a box of the site."""


def on_files(files: Files, config: Any) -> Files:
    """Add the generated pages."""
    pages = {
        "reference/command-line.md": _command_line(),
        "reference/python.md": _python(),
        "reference/glossary.md": _glossary(),
        **{f"project/{name}.md": _copied(ROOT / file) for name, file in COPIED.items()},
    }
    for path, content in pages.items():
        files.append(File.generated(config, path, content=content))
    return files


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Let links out of the documentation lead to the source."""
    depth = page.file.src_path.count("/")

    def link(match: re.Match[str]) -> str:
        above = match[0].count("../")
        return f"]({SOURCE}/{match[1]})" if above > depth else match[0]

    return OUTSIDE.sub(link, markdown)


def _command_line() -> str:
    parts = ["# Command line\n\nThe text of `--help`, verb by verb. [Exit status](../how-to/in-scripts.md#exit-status)."]
    for verb in VERBS:
        command = group.get_command(click.Context(group), verb)
        assert command is not None
        context = click.Context(command, info_name=f"convscope {verb}", max_content_width=WIDTH, terminal_width=WIDTH)
        parts.append(f"## {verb}\n\n```text\n{command.get_help(context)}\n```")
    return "\n\n".join(parts)


def _python() -> str:
    home = "Everything that `import convscope` offers, in alphabetical order. Nothing else is public."
    return "\n\n".join(["# Python", home, *(f"::: convscope.{name}" for name in convscope.__all__)])


def _glossary() -> str:
    return "\n\n".join(["# Glossary", *(f"**{term}**\n\n{meaning}" for term, meaning in GLOSSARY.items())])


def _copied(file: Path) -> str:
    """Return a document of the root, its links into ``docs`` made those of the site, others those of the source."""

    def link(match: re.Match[str]) -> str:
        target = match[1]
        if re.match(r"[a-z]+:|#", target):
            return match[0]
        path = (file.parent / target.split("#")[0]).resolve().relative_to(ROOT.resolve())
        return f"](../{path.relative_to('docs')})" if path.parts[0] == "docs" else f"]({SOURCE}/{path})"

    return re.sub(r"\]\(([^)]+)\)", link, file.read_text("utf-8"))
