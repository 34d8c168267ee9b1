"""Every number on the page is explained, and the glossary holds the terms of its page."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

from convscope.page.bundle import JS
from convscope.page.render import render
from convscope.page.text.glossary import GLOSSARY, Glossary, slug
from convscope.runs.record import RunRecord

from .test_uncertainty import examined, ood_metrics  # type: ignore[import-not-found]


class Numbers(HTMLParser):
    """Headings of number columns and names of tiles, with whether they contain a "?"."""

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
    return render(replace(digits_record, metrics={**examined(digits_record), "ood": ood_metrics()}), [])


def words_of(text: str) -> set[str]:
    return set(re.findall(r'<div popover id="word-([^"]+)"', text))


def test_an_interval_says_which_uncertainty_it_covers_and_which_it_does_not(whole_text: str) -> None:
    words = " ".join(re.sub("<[^>]+>", "", whole_text[whole_text.index('id="word-interval"') :][:1500]).split())
    assert "over many test sets of this size" in words
    assert "if the images are independent of each other: several of one writer or scene make it too narrow" in words
    assert "training with another seed is not in it" in words
    page = (Path(__file__).parents[3] / "docs" / "explanation" / "intervals.md").read_text("utf-8")
    section = page[page.index("## What they do not cover") :]
    assert all(f"*{each}.*" in section for each in ("Another training", "Other kinds of images", "Dependent images"))


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


def test_words_of_what_was_not_measured_are_left_out(page_text: str, whole_text: str) -> None:
    measured_later = {"auroc", "adversarial-attack", "fgsm", "pgd", "ε", "corruption", "label-suspect"}
    assert measured_later <= words_of(whole_text)
    assert not measured_later & words_of(page_text)
    assert {"logit", "softmax", "gradient", "out-of-distribution"} <= words_of(page_text)


def test_every_term_that_a_script_explains_is_in_the_glossary() -> None:
    scripts = "\n".join(path.read_text("utf-8") for path in JS.rglob("*.js"))
    asked = set(re.findall(r'newGlossaryButton\("([^"]+)"\)', scripts))
    assert {"epoch snapshots", "confidence", "distance"} <= asked
    assert asked <= set(GLOSSARY)


def test_an_unknown_word_is_a_fault() -> None:
    with pytest.raises(KeyError):
        Glossary().meaning("abracadabra")


def test_words_are_in_alphabetical_order() -> None:
    assert list(GLOSSARY) == sorted(GLOSSARY, key=str.casefold)
