"""Files and addresses in a browser."""

from __future__ import annotations

from pathlib import Path

import pytest

from convscope.system.browser import open_in_browser


@pytest.mark.parametrize("page", ["http://127.0.0.1:8000/", "http://[::1]:8000/"])
def test_an_address_is_opened_as_it_is(page: str, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    monkeypatch.setattr("webbrowser.open", lambda url: opened.append(url) or True)
    assert open_in_browser(page)
    assert opened == [page]


def test_a_file_is_opened_by_its_absolute_path(monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    monkeypatch.setattr("webbrowser.open", lambda url: opened.append(url) or False)
    assert not open_in_browser("a page.html")
    assert opened == [f"{Path.cwd().as_uri()}/a%20page.html"]
