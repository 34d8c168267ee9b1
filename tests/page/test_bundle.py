"""ES modules become one inline script, or an error that names the line."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

from convscope.page.bundle import FIRST, JS, LAST, BundleError, bundle

LAYERS = ("data", "network", "image", "dom", "state", "attribution", "views", "")
"""The page's folders from the bottom up; "" is the entry modules."""
IMPORTS = re.compile(r'^import .* from "(.+)";$', re.MULTILINE)


def written(folder: Path, **modules: str) -> Path:
    return written_at(folder, {f"{name}.js": text for name, text in modules.items()})


def written_at(folder: Path, modules: dict[str, str]) -> Path:
    for name, text in modules.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, "utf-8")
    return folder


def modules_in(text: str) -> list[str]:
    return [line[3:] for line in text.splitlines() if line.startswith("// ") and line.endswith(".js")]


def test_modules_come_after_what_they_import_and_once_each(tmp_path: Path) -> None:
    written(
        tmp_path,
        main='import {b} from "./b.js";\nimport {c} from "./c.js";\nb(c);\n',
        b='import {c} from "./c.js";\nexport function b() { return c; }\n',
        c="export const c = 1;\n",
    )
    text = bundle(tmp_path)
    assert modules_in(text) == ["c.js", "b.js", "main.js"]
    assert "import" not in text
    assert "export" not in text


def test_imports_are_as_seen_from_the_module_and_each_is_joined_once(tmp_path: Path) -> None:
    written_at(tmp_path, {
        "main.js": 'import {a} from "./engine/a.js";\nimport {c} from "./views/../c.js";\na(c);\n',
        "engine/a.js": 'import {b} from "./b.js";\nimport {c} from "../c.js";\nexport const a = [b, c];\n',
        "engine/b.js": 'import {d} from "../views/deep/d.js";\nexport const b = d;\n',
        "views/deep/d.js": 'import {c} from "../../c.js";\nexport const d = c;\n',
        "c.js": "export const c = 1;\n",
        "engine/c.js": "export const notThisOne = 2;\n",
    })  # fmt: skip
    text = bundle(tmp_path)
    assert modules_in(text) == ["c.js", "views/deep/d.js", "engine/b.js", "engine/a.js", "main.js"]
    assert "import" not in text


def test_an_entry_may_lie_in_a_folder(tmp_path: Path) -> None:
    written_at(tmp_path, {"views/v.js": 'import {a} from "../a.js";\nconst b = a;\n', "a.js": "export const a = 1;\n"})
    assert modules_in(bundle(tmp_path, "views/v.js")) == ["a.js", "views/v.js"]


def test_the_bundle_leaves_no_name_outside(tmp_path: Path) -> None:
    text = bundle(written(tmp_path, main="const a = 1;\n"))
    assert text == '(() => {\n"use strict";\n// main.js\nconst a = 1;\n})();\n'


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ('import b from "./b.js";', "one line of the form"),
        ('import * as b from "./b.js";', "one line of the form"),
        ('import {b as c} from "./b.js";', "one line of the form"),
        ("import {b} from './b.js';", "one line of the form"),
        ('import {b} from "https://example.org/b.js";', "one line of the form"),
        ('import "./b.js";', "one line of the form"),
        ("import {", "one line of the form"),
        ('const b = await import("./b.js");', "one line of the form"),
        ('import {missing} from "./b.js";', "does not export missing"),
        ('import {b} from "./nowhere.js";', "nowhere.js, which is not in"),
        ('import {b} from "./deep/nowhere.js";', "deep/nowhere.js, which is not in"),
        ('import {b} from "../b.js";', "'../b.js' is outside the page's folder"),
        ('import {b} from "./deep/../../b.js";', "is outside the page's folder"),
        ('import {b} from "/b.js";', "one line of the form"),
        ('import {b} from "b.js";', "one line of the form"),
        ('import {b} from "./deep//b.js";', "one line of the form"),
        ('import {b} from ".../b.js";', "one line of the form"),
        ("export default 1;", "use `export function`"),
        ("export {a};", "use `export function`"),
        ('const a = "</script>";', "split the string"),
        ('const a = "<!--";', "split the string"),
        ('const shared = 1;\nimport {b} from "./b.js";', "both use the name 'shared'"),
    ],
)
def test_a_broken_rule_is_an_error_that_says_which(tmp_path: Path, line: str, complaint: str) -> None:
    written(tmp_path, main=f"{line}\n", b="export const b = 1;\nconst shared = 2;\n")
    with pytest.raises(BundleError, match=complaint):
        bundle(tmp_path)


def test_a_circle_is_an_error_that_shows_it(tmp_path: Path) -> None:
    written(tmp_path, main='import {b} from "./b.js";\n', b='import {c} from "./c.js";\nexport const b = c;\n',
            c='import {b} from "./b.js";\nexport const c = b;\n')  # fmt: skip
    with pytest.raises(BundleError, match=r"main\.js → b\.js → c\.js → b\.js"):
        bundle(tmp_path)


def test_a_circle_through_folders_is_an_error_that_shows_it(tmp_path: Path) -> None:
    written_at(tmp_path, {"main.js": 'import {b} from "./deep/b.js";\n',
                          "deep/b.js": 'import {c} from "../c.js";\nexport const b = c;\n',
                          "c.js": 'import {b} from "./deep/b.js";\nexport const c = b;\n'})  # fmt: skip
    with pytest.raises(BundleError, match=r"main\.js → deep/b\.js → c\.js → deep/b\.js"):
        bundle(tmp_path)


def test_the_same_name_in_two_folders_is_an_error_that_says_where(tmp_path: Path) -> None:
    written_at(tmp_path, {"main.js": 'import {b} from "./deep/b.js";\nconst size = b;\n',
                          "deep/b.js": "export const b = 1;\nconst size = 2;\n"})  # fmt: skip
    with pytest.raises(BundleError, match=r"deep/b\.js and main\.js both use the name 'size'"):
        bundle(tmp_path)


def test_a_type_in_a_comment_is_no_import(tmp_path: Path) -> None:
    bundle(written(tmp_path, main='/** @param {import("./b.js").B} b */\nfunction a(b) { return b; }\n'))


@pytest.mark.parametrize("entry", [FIRST, LAST])
def test_the_pages_own_modules_keep_the_rules(entry: str) -> None:
    assert bundle(JS, entry)


def test_every_module_in_every_folder_is_reached_from_an_entry() -> None:
    reached = {*modules_in(bundle(JS, FIRST)), *modules_in(bundle(JS, LAST))}
    assert reached == {path.relative_to(JS).as_posix() for path in (JS).rglob("*.js")}


def test_comments_stay_at_home_and_what_looks_like_one_in_a_line_does_not(tmp_path: Path) -> None:
    text = bundle(written_at(tmp_path, {
        "main.js": '/** One line. */\nimport {a} from "./a.js";\n/**\n * @param {string} b\n */\nfunction c(b) {\n  // why\n'
                   '  return b + "// no comment"; // nor does this one go\n}\nc(a);\n',
        "a.js": 'export const a = "/** no comment */";\n',
    }))  # fmt: skip
    assert text == (
        '(() => {\n"use strict";\n// a.js\nconst a = "/** no comment */";\n\n// main.js\nfunction c(b) {\n'
        '  return b + "// no comment"; // nor does this one go\n}\nc(a);\n})();\n'
    )


def test_a_comment_that_does_not_end_with_its_line_is_an_error_that_says_where(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match=r"main\.js:2: .* after the end of a comment"):
        bundle(written(tmp_path, main="/** why\n */ const a = 1;\n"))


def test_folders_import_downward_and_never_in_a_cycle() -> None:
    graph: dict[str, set[str]] = {}
    for path in JS.rglob("*.js"):
        folder = path.parent
        for target in IMPORTS.findall(path.read_text("utf-8")):
            imported = Path(os.path.normpath(folder / target)).parent
            if imported != folder:
                graph.setdefault(folder.relative_to(JS).as_posix(), set()).add(imported.relative_to(JS).as_posix())
    upward = [(low, high) for low, targets in graph.items() for high in targets if layer_of(high) > layer_of(low)]
    assert not upward
    TopologicalSorter(graph).prepare()  # raises CycleError, with the folders


def layer_of(folder: str) -> int:
    return LAYERS.index(folder.split("/")[0].removeprefix("."))


@pytest.mark.parametrize("entry", [FIRST, LAST])
def test_node_accepts_the_bundle(entry: str, tmp_path: Path) -> None:
    node = shutil.which("node")
    if node is None:
        pytest.skip("no node on this machine")
    path = tmp_path / "bundle.js"
    path.write_text(bundle(JS, entry), "utf-8")
    subprocess.run([node, "--check", str(path)], check=True, timeout=60)


@pytest.mark.slow
def test_the_pure_modules_pass_their_own_tests() -> None:
    node = shutil.which("node")
    if node is None:
        pytest.skip("no node on this machine")
    tests = sorted(map(str, Path(__file__).parent.glob("*.test.mjs")))
    done = subprocess.run([node, "--test", *tests], capture_output=True, text=True, timeout=120, check=False)
    assert tests
    assert done.returncode == 0, done.stdout
