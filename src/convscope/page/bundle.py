"""The page's ES modules, joined into one script that a browser runs from ``file://``.

A module that is loaded by its path does not run there (its origin is null), so the modules are written one after the
other, in import order, without their ``import`` lines and without the word ``export``. That asks three things of them:
imports are one line of the form ``import {a, b} from "./x.js";``, exports are named, and no two modules use the same name
at their top level. A module may lie in a folder of its own: ``"./engine/network.js"``, ``"../x.js"``, always as seen from
the module that imports it, and never outside the page's folder.
Comments on lines of their own stay behind: a third of the text. For that, a line that begins like a comment has to be one,
and a comment that begins a line ends one.
What breaks a rule raises :class:`BundleError`: a fault of ours, found by the tests, not the user's.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from pathlib import Path

IMPORT = re.compile(r'^import \{ ?([\w$]+(?:, [\w$]+)*) ?\} from "(\.{1,2}/(?:\.\./|[\w-]+/)*[\w-]+\.js)";$')
IMPORTING = re.compile(r"^\s*import\b|(?<!\{)\bimport\s*\(")
"""Any kind of import; ``{import("./x.js").Name}`` is a type in a comment."""
EXPORT = re.compile(r"^export (?=(?:async )?function\b|const\b|let\b|class\b)")
TOP_LEVEL = re.compile(r"^(?:export )?(?:(?:async )?function\*?|const|let|var|class) +([\w$]+)")
UNSAFE = ("</script", "<!--")
"""What would end the script element early, or start a comment in it."""


class BundleError(Exception):
    """A module that breaks one of the rules above."""


def bundle(folder: Path, entry: str = "main.js") -> str:
    """The modules of ``folder`` that ``entry`` reaches, as one strict script with no names of its own outside.

    ``entry`` and the names in errors are paths within ``folder``, with forward slashes on every machine.
    """
    sources: dict[str, str] = {}
    _visit(folder, entry, sources, ())
    _refuse_shared_names(sources)
    joined = "\n".join(f"// {name}\n{_without_modules(name, text)}" for name, text in sources.items())
    # A function of its own instead of type="module": that would wait until the whole page is read.
    return f'(() => {{\n"use strict";\n{joined}}})();\n'


def _visit(folder: Path, name: str, sources: dict[str, str], above: tuple[str, ...]) -> None:
    """Put what ``name`` imports into ``sources``, then ``name`` itself."""
    if name in above:
        raise BundleError(f"{' → '.join((*above, name))}: modules import each other in a circle; move what they share.")
    if name in sources:
        return
    path = folder / name
    if not path.is_file():
        raise BundleError(f"{above[-1] if above else 'the page'} imports {name}, which is not in {folder}.")
    text = path.read_text("utf-8")
    for number, line in enumerate(text.splitlines(), start=1):
        if imported := _import_in(name, number, line):
            _visit(folder, imported[1], sources, (*above, name))
            _require_exports(imported[0], imported[1], sources[imported[1]], f"{name}:{number}")
    sources[name] = text


def _import_in(name: str, number: int, line: str) -> tuple[list[str], str] | None:
    """The names and the module that a line imports. Raises for every import, export or text that the rules forbid."""
    place = f"{name}:{number}"
    if any(text in line.lower() for text in UNSAFE):
        raise BundleError(f"{place}: {line.strip()!r} cannot stand inside a script element; write it in two pieces.")
    if line.startswith("export") and not EXPORT.match(line):
        raise BundleError(
            f"{place}: {line!r}; only `export function`, `export const`, `export let` and `export class` are joined."
        )
    if IMPORTING.search(line):
        match = IMPORT.match(line)
        if match is None:
            raise BundleError(f'{place}: {line!r}; one line of the form `import {{a, b}} from "./x.js";` was expected.')
        return match[1].split(", "), _resolved(match[2], name, place)
    return None


def _resolved(target: str, importer: str, place: str) -> str:
    """The path within the folder that ``target`` means in the module ``importer``; the same for every way to write it, so
    that no module is joined twice."""
    path = posixpath.normpath(posixpath.join(posixpath.dirname(importer), target))
    if path.startswith(".."):
        raise BundleError(f"{place}: {target!r} lies outside the page's folder; move the module into it.")
    return path


def _require_exports(names: list[str], module: str, text: str, place: str) -> None:
    exported = {match[1] for line in text.splitlines() if EXPORT.match(line) and (match := TOP_LEVEL.match(line))}
    if missing := sorted(set(names) - exported):
        raise BundleError(f"{place}: {module} does not export {', '.join(missing)}.")


def _refuse_shared_names(sources: dict[str, str]) -> None:
    owners: dict[str, str] = {}
    for module, text in sources.items():
        for match in filter(None, map(TOP_LEVEL.match, text.splitlines())):
            owner = owners.setdefault(match[1], module)
            if owner != module:
                raise BundleError(f"{owner} and {module} both use the name {match[1]!r} at their top level; rename one.")


def _without_modules(name: str, text: str) -> str:
    lines = (EXPORT.sub("", line) for line in _without_comments(name, text) if not IMPORT.match(line))
    return "\n".join(lines).strip("\n") + "\n"


def _without_comments(name: str, text: str) -> Iterator[str]:
    """The lines of ``text`` but those that hold a comment and nothing else."""
    is_comment = False
    for number, line in enumerate(text.splitlines(), start=1):
        stripped = line.strip()
        is_comment = is_comment or stripped.startswith("/*")
        if not is_comment:
            if not stripped.startswith("//"):
                yield line
            continue
        _, end, rest = stripped.partition("*/")
        if rest:
            raise BundleError(f"{name}:{number}: {stripped!r} ends a comment and goes on; begin a new line behind it.")
        is_comment = not end
