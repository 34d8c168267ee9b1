"""Join the page's ES modules into one script that a browser runs from ``file://``.

Browsers do not load modules by path there, because the origin of the page is null. The modules are therefore concatenated
in import order, without their ``import`` lines and without the word ``export``. That requires three things: an import is
one line of the form ``import {a, b} from "./x.js";``, exports are named, and no two modules use the same name at their top
level. Paths are relative to the importing module and stay within the page's folder.

Comments on lines of their own are dropped, a third of the text. A line that starts like a comment must therefore be one,
and a comment that starts a line must end one.

A violation raises :class:`BundleError`. It is a bug in this package that the tests find, never the user's fault.
"""

import posixpath
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

IMPORT = re.compile(r'^import \{ ?([\w$]+(?:, [\w$]+)*) ?\} from "(\.{1,2}/(?:\.\./|[\w-]+/)*[\w-]+\.js)";$')
IMPORTING = re.compile(r"^\s*import\b|^(?!\s*/?\*).*\bimport\s*\(")
"""Any import statement or call; ``import("./x.js").Name`` in a comment is a type and does not match."""
EXPORT = re.compile(r"^export (?=(?:async )?function\b|const\b|let\b|class\b)")
TOP_LEVEL = re.compile(r"^(?:export )?(?:(?:async )?function\*?|const|let|var|class) +([\w$]+)")
UNSAFE = ("</script", "<!--")
"""Text that would end the script element early or start a comment in it."""
CHECKED = re.compile(rf"import|^export|{'|'.join(UNSAFE)}", re.IGNORECASE)
"""Lines worth the checks of ``_import_in``: one in ten."""


JS = Path(__file__).with_name("js")
FIRST, LAST = "early.js", "main.js"
"""The script of a run's page that runs before the first paint, and the one that runs at its end."""


class BundleError(Exception):
    """A module breaks one of the rules of this bundler."""


def bundle(folder: Path, entry: str = "main.js") -> str:
    """Return the modules that ``entry`` reaches as one strict script that defines no global names.

    ``entry`` is a path within ``folder``, with forward slashes on every platform, as in errors.
    """
    sources: dict[str, str] = {}
    _visit(folder, entry, sources, ())
    _refuse_shared_names(sources)
    joined = "\n".join(f"// {name}\n{_without_modules(name, text)}" for name, text in sources.items())
    # A function instead of type="module", which would run only after the whole page is parsed.
    return f'(() => {{\n"use strict";\n{joined}}})();\n'


@cache
def run_scripts() -> tuple[str, str]:
    """Return the two scripts of a run's page, the same in the page of every run."""
    return bundle(JS, FIRST), bundle(JS, LAST)


def _visit(folder: Path, name: str, sources: dict[str, str], above: tuple[str, ...]) -> None:
    """Add the imports of ``name`` to ``sources``, then ``name`` itself."""
    if name in above:
        raise BundleError(f"{' → '.join((*above, name))}: these modules form an import cycle; move what they share.")
    if name in sources:
        return
    path = folder / name
    if not path.is_file():
        raise BundleError(f"{above[-1] if above else 'the page'} imports {name}, which is not in {folder}.")
    text = path.read_text("utf-8")
    for number, line in enumerate(text.splitlines(), start=1):
        if CHECKED.search(line) and (imported := _import_in(name, number, line)):
            _visit(folder, imported[1], sources, (*above, name))
            _require_exports(imported[0], imported[1], sources[imported[1]], f"{name}:{number}")
    sources[name] = text


def _import_in(name: str, number: int, line: str) -> tuple[list[str], str] | None:
    """Return the names and the module that a line imports, or None; raise if the rules forbid the line."""
    place = f"{name}:{number}"
    if any(text in line.lower() for text in UNSAFE):
        raise BundleError(f"{place}: {line.strip()!r} would end the script element; split the string in two.")
    if line.startswith("export") and not EXPORT.match(line):
        raise BundleError(f"{place}: {line!r}; use `export function`, `export const`, `export let` or `export class`.")
    if IMPORTING.search(line):
        match = IMPORT.match(line)
        if match is None:
            raise BundleError(f'{place}: {line!r}; write imports on one line of the form `import {{a, b}} from "./x.js";`.')
        return match[1].split(", "), _resolved(match[2], name, place)
    return None


def _resolved(target: str, importer: str, place: str) -> str:
    """Return the path of ``target`` within the folder, normalised so that no module is joined twice."""
    path = posixpath.normpath(posixpath.join(posixpath.dirname(importer), target))
    if path.startswith(".."):
        raise BundleError(f"{place}: {target!r} is outside the page's folder; move the module into it.")
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
            raise BundleError(f"{name}:{number}: {stripped!r} has code after the end of a comment; put it on a new line.")
        is_comment = not end
