"""Every number says what it is, and the list of words holds the words of its page."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from convscope.analysis.record import RunRecord
from convscope.page.document import JS, render
from convscope.page.glossary import GLOSSARY, Vocabulary, slug

from .test_certainty import examined, strangers  # type: ignore[import-not-found]

ASKS = re.compile(r"newGlossaryButton\(|asked: ")
"""In a script that puts a "?" somewhere, or names the word for one that does."""


class Numbers(HTMLParser):
    """The headings of columns of numbers and the names of tiles; and which of them a "?" stands in."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, bool]] = []
        self._in_tiles, self._open, self._text, self._asks = False, "", "", False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        classes = (dict(attrs).get("class") or "").split()
        self._in_tiles = (self._in_tiles or "tiles" in classes) if tag != "table" else False
        if (tag == "th" and "n" in classes) or (tag == "dt" and self._in_tiles):
            self._open, self._text, self._asks = tag, "", False
        if tag == "button" and "ask" in classes:
            self._asks = True

    def handle_endtag(self, tag: str) -> None:
        if tag == self._open:
            self.found.append((self._text, self._asks))
            self._open = ""
        if tag == "dl":
            self._in_tiles = False

    def handle_data(self, data: str) -> None:
        self._text += data


@pytest.fixture(scope="module")
def whole_text(digits_record: RunRecord) -> str:
    """A page on which everything was measured."""
    return render(replace(digits_record, metrics={**examined(digits_record), "strangers": strangers()}), [])


def words_of(text: str) -> set[str]:
    return set(re.findall(r'<div popover id="word-([^"]+)"', text))


def test_every_column_and_every_tile_says_what_its_number_is(whole_text: str) -> None:
    found = Numbers(whole_text).found
    assert len(found) >= 40
    assert [name for name, asks in found if not asks] == []


def test_the_list_holds_the_words_that_are_asked_and_no_others(digits_record: RunRecord, whole_text: str) -> None:
    for text in (whole_text, render(replace(digits_record, evidence=None), [])):
        asked = set(re.findall(r'popovertarget="word-([^"]+)"', text))
        listed = {slug(word) for word in re.findall(r"<dt>([^<]+)</dt>", text.split('<dl class="glossary">')[1])}
        assert asked <= listed
        assert listed == words_of(text)
        assert f"{len(listed)} words that this page uses" in text


def test_words_of_what_was_not_measured_are_left_out(page_text: str, whole_text: str) -> None:
    measured_later = {"auroc", "noticed", "attack", "fgsm", "pgd", "ε", "corruption", "label-suspect", "suspicion"}
    assert measured_later <= words_of(whole_text)
    assert not measured_later & words_of(page_text)
    assert {"logit", "softmax", "bias", "filter", "channel", "unit", "gradient", "occlusion", "strangeness"} <= words_of(
        page_text
    )


def test_every_word_that_a_script_asks_for_is_on_a_live_page(page_text: str) -> None:
    scripts = [text for path in JS.rglob("*.js") if ASKS.search(text := path.read_text("utf-8"))]
    literals = {literal for text in scripts for literal in re.findall(r'"([^"\n]+)"', text)}
    assert {"film", "logit", "bias", "gradient", "confidence"} <= literals
    asked = literals & set(GLOSSARY)
    assert {slug(word) for word in asked} <= words_of(page_text)


def test_strangeness_is_explained_as_it_is_measured(page_text: str) -> None:
    trust = re.search(r'<p id="answer-trust".*?</p>', page_text, re.DOTALL)
    assert trust
    assert 'popovertarget="word-strangeness"' in trust[0]
    for part in ("length 1", "mean distance", "nearest few"):
        assert part in GLOSSARY["strangeness"]


def test_an_unknown_word_is_a_fault() -> None:
    with pytest.raises(KeyError):
        Vocabulary().meaning("abracadabra")


def test_words_are_in_alphabetical_order() -> None:
    assert list(GLOSSARY) == sorted(GLOSSARY, key=str.casefold)
