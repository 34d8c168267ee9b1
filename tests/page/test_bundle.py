"""ES modules become one inline script, or an error that names the line."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from convscope.page.bundle import BundleError, bundle
from convscope.page.document import FIRST, LAST, WEB


def written(folder: Path, **modules: str) -> Path:
    for name, text in modules.items():
        (folder / f"{name}.js").write_text(text, "utf-8")
    return folder


def test_modules_come_after_what_they_import_and_once_each(tmp_path: Path) -> None:
    written(
        tmp_path,
        main='import {b} from "./b.js";\nimport {c} from "./c.js";\nb(c);\n',
        b='import {c} from "./c.js";\nexport function b() { return c; }\n',
        c="export const c = 1;\n",
    )
    text = bundle(tmp_path)
    assert [line[3:] for line in text.splitlines() if line.startswith("// ")] == ["c.js", "b.js", "main.js"]
    assert "import" not in text
    assert "export" not in text


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
        ("export default 1;", "are joined"),
        ("export {a};", "are joined"),
        ('const a = "</script>";', "two pieces"),
        ('const a = "<!--";', "two pieces"),
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


def test_a_type_in_a_comment_is_no_import(tmp_path: Path) -> None:
    bundle(written(tmp_path, main='/** @param {import("./b.js").B} b */\nfunction a(b) { return b; }\n'))


@pytest.mark.parametrize("entry", [FIRST, LAST])
def test_the_pages_own_modules_keep_the_rules(entry: str) -> None:
    assert bundle(WEB / "js", entry)


def test_every_module_is_reached_from_an_entry() -> None:
    text = bundle(WEB / "js", FIRST) + bundle(WEB / "js", LAST)
    assert {path.name for path in (WEB / "js").glob("*.js") if f"// {path.name}\n" not in text} == set()


@pytest.mark.parametrize("entry", [FIRST, LAST])
def test_node_accepts_the_bundle(entry: str, tmp_path: Path) -> None:
    node = shutil.which("node")
    if node is None:
        pytest.skip("no node on this machine")
    path = tmp_path / "bundle.js"
    path.write_text(bundle(WEB / "js", entry), "utf-8")
    subprocess.run([node, "--check", str(path)], check=True, timeout=60)


def test_the_pure_modules_pass_their_own_tests() -> None:
    node = shutil.which("node")
    if node is None:
        pytest.skip("no node on this machine")
    tests = sorted(map(str, Path(__file__).parent.glob("*.test.mjs")))
    done = subprocess.run([node, "--test", *tests], capture_output=True, text=True, timeout=120, check=False)
    assert tests
    assert done.returncode == 0, done.stdout
