"""A page is opened and served only if a browser runs no script in it but ours, whoever wrote the run."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

import convscope
from convscope.cli.main import main
from convscope.errors import RunError
from convscope.page.own_page import is_own_page
from convscope.server.worker import _page

SCRIPT, REFRESH = b"<script>alert(1)</script>", b'<meta http-equiv=refresh content="0;url=http://evil.example">'
FORGED: dict[str, Callable[[bytes], bytes]] = {
    "another page": lambda page: b"<!doctype html><p>Hello",
    "a script and a policy of its own": lambda page: (
        b'<!doctype html><meta http-equiv="Content-Security-Policy" content="default-src * \'unsafe-inline\'">' + SCRIPT
    ),
    "a policy that allows all": lambda page: page.replace(b"default-src &#39;none&#39;", b"default-src *", 1),
    "a policy with another script": lambda page: page.replace(b"script-src ", b"script-src &#39;sha256-AAAA=&#39; ", 1),
    "a policy that ends a line": lambda page: page.replace(b"default-src", b"x\r\nSet-Cookie: a=b; default-src", 1),
    "a policy that is no Latin": lambda page: page.replace(b"default-src", "€; default-src".encode(), 1),
    "any style": lambda page: re.sub(rb"style-src &#39;[^;]*", b"style-src *", page, count=1),
    "a script before all": lambda page: SCRIPT + page,
    "a mark before all": lambda page: b"\xef\xbb\xbf" + page,
    "a script before the policy": lambda page: page.replace(b"<head>", b"<head>" + SCRIPT, 1),
    "a comment around the policy": lambda page: page.replace(b'<meta charset="utf-8">', b'<meta charset="utf-8"><!--', 1),
    "another encoding": lambda page: page.replace(b'"utf-8"', b'"utf-7"', 1),
    "another address for a start": lambda page: page.replace(b"</head>", REFRESH + b"</head>", 1),
    "another address in the middle": lambda page: page.replace(b"</body>", REFRESH.upper() + b"</body>", 1),
    "another address in the name": lambda page: page.replace(
        b'content="convscope ', b'content="0" http-equiv=refresh x="', 1
    ),
    "a name asked for": lambda page: page.replace(b"</body>", b"<link rel=dns-prefetch href=//evil.example></body>", 1),
    "another base": lambda page: page.replace(b"</head>", b"<base href=//evil.example></head>", 1),
    "an empty file": lambda page: b"",
}


def test_the_page_of_a_run_is_ours_whatever_its_names(digits_run: convscope.Run) -> None:
    page = digits_run.page.read_bytes()
    assert is_own_page(page)
    title = re.compile(rb"<title>[^<]*</title>")
    assert is_own_page(title.sub(rb"<title>&lt;meta http-equiv=&#34;refresh&#34;&gt;</title>", page))
    assert _page(digits_run.folder) == page


def forge(run: Path, change: Callable[[bytes], bytes]) -> None:
    path, listing = run / "report.html", run / "manifest.json"
    page = change(path.read_bytes())
    assert page != path.read_bytes()
    path.write_bytes(page)
    manifest = json.loads(listing.read_text())
    manifest["files"]["report.html"] = {"bytes": len(page), "sha256": hashlib.sha256(page).hexdigest()}
    listing.write_text(json.dumps(manifest))


@pytest.mark.slow
@pytest.mark.parametrize("name", FORGED)
def test_a_page_with_scripts_of_anybody_is_not_opened(name: str, run_copy: Path) -> None:
    forge(run_copy, FORGED[name])
    with pytest.raises(RunError, match=r"of another version, or was changed.*convscope\.report"):
        convscope.load_run(run_copy).show()
    assert main(["open", str(run_copy)]) == 1


@pytest.mark.slow
def test_a_page_of_anybody_is_served_as_this_version_writes_it(run_copy: Path) -> None:
    forge(run_copy, FORGED["a script and a policy of its own"])
    assert is_own_page(_page(run_copy))
