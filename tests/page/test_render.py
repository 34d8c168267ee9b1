"""The page as text: complete, self-contained, in order, and safe from what class names contain."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from html import unescape
from html.parser import HTMLParser
from itertools import pairwise

import pytest

from convscope.figures.figure import Drawing
from convscope.figures.theme import ROLES
from convscope.page.environment import CSS
from convscope.page.payload import make_payload
from convscope.page.render import render
from convscope.runs.record import RunRecord, with_metrics

from .text.test_uncertainty import examined, ood_metrics  # type: ignore[import-not-found]

MAX_BYTES = 6 * 2**20


class Elements(HTMLParser):
    """Every start tag with its attributes, and the text of the page: styles, scripts and data are none."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        if self.cdata_elem is None:
            self.texts.append(data)

    def of(self, *tags: str) -> list[dict[str, str | None]]:
        return [attributes for tag, attributes in self.found if tag in tags]

    def values(self, name: str) -> list[str]:
        return [value for _, attributes in self.found if (value := attributes.get(name)) is not None]


@pytest.fixture(scope="session")
def elements(page_text: str) -> Elements:
    return Elements(page_text)


def payload_of(text: str) -> object:
    found = re.search(r'<script type="application/json" id="payload">(.*?)</script>', text, re.DOTALL)
    assert found
    return json.loads(found[1])


@pytest.mark.slow
def test_equal_records_give_equal_pages(digits_record: RunRecord, drawings: list[Drawing], page_text: str) -> None:
    assert render(digits_record, drawings) == page_text


def test_the_page_is_small_and_whole(page_text: str) -> None:
    assert page_text.startswith("<!doctype html>")
    assert page_text.rstrip().endswith("</html>")
    assert len(page_text.encode()) < MAX_BYTES


def test_nothing_is_loaded_from_anywhere(elements: Elements, page_text: str) -> None:
    links = [*elements.values("src"), *elements.values("href"), *elements.values("xlink:href"), *elements.values("action")]
    assert {link.split(":")[0] for link in links if not link.startswith("#")} <= {"data"}
    assert [link["rel"] for link in elements.of("link")] == ["icon"]
    assert not elements.of("iframe", "object", "embed", "base", "form")
    assert "@import" not in page_text
    assert "url(http" not in page_text


def test_no_style_attribute_needs_an_exception_from_the_policy(elements: Elements) -> None:
    assert elements.values("style") == []
    assert not [attribute for _, attributes in elements.found for attribute in attributes if attribute.startswith("on")]


def test_ids_are_unique(elements: Elements) -> None:
    ids = elements.values("id")
    assert sorted(ids) == sorted(set(ids))


def test_every_reference_resolves(elements: Elements) -> None:
    ids = set(elements.values("id"))
    links = [*elements.values("href"), *elements.values("xlink:href")]
    wanted = {link[1:] for link in links if link.startswith("#")}
    for name in ("aria-describedby", "aria-labelledby", "popovertarget"):
        wanted |= {target for value in elements.values(name) for target in value.split()}
    assert wanted <= ids


def test_headings_go_down_one_step_at_a_time(elements: Elements) -> None:
    levels = [int(tag[1]) for tag, _ in elements.found if re.fullmatch(r"h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


def test_every_picture_has_a_text_alternative(elements: Elements, drawings: list[Drawing]) -> None:
    pictures = elements.of("svg", "img")
    named = [picture for picture in pictures if picture.get("role") == "img"]
    assert all(picture.get("aria-label") and picture.get("aria-describedby") for picture in named)
    assert all(picture.get("aria-hidden") == "true" for picture in pictures if picture not in named)
    assert len(named) == len([drawing for drawing in drawings if drawing.name != "first_image_matrix"])


def test_every_drawing_is_on_the_page_with_its_words(elements: Elements, drawings: list[Drawing]) -> None:
    ids = set(elements.values("id"))
    assert {f"figure-{drawing.name}" for drawing in drawings} <= ids
    text = "".join(elements.texts)
    for drawing in drawings:
        if drawing.name != "first_image_matrix":
            assert drawing.title in text
            assert drawing.caption in text
            assert drawing.alt_text in text


def test_figures_are_numbered_in_the_order_of_the_page(page_text: str) -> None:
    numbers = re.findall(r'<span class="number">Figure (\d+)</span>', page_text)
    assert numbers == [str(number) for number in range(1, len(numbers) + 1)]


def test_a_figure_of_a_later_version_is_not_lost(digits_record: RunRecord, drawings: list[Drawing]) -> None:
    new = replace(drawings[-1], name="calibration", svg=drawings[-1].svg.replace(drawings[-1].name, "calibration"))
    assert 'id="figure-calibration"' in render(digits_record, [*drawings, new])


def test_the_matrix_is_the_first_image_pixel_by_pixel(digits_record: RunRecord, page_text: str) -> None:
    table = re.search(r'<table class="matrix">(.*?)</table>', page_text, re.DOTALL)
    assert table
    cells = [[int(cell) for cell in re.findall(r">(\d+)</td>", row)] for row in table[1].split("<tr>")[1:]]
    assert cells == digits_record.examples.first_image[0, :, :, 0].tolist()


def test_every_number_of_the_header_is_the_metrics(digits_record: RunRecord, page_text: str) -> None:
    heading = re.search(r"<h1>(.*?)</h1>", page_text, re.DOTALL)
    assert heading
    text = re.sub(r"<[^>]+>", "", heading[1])
    test = digits_record.metrics["test"]
    low, high = test["interval"]
    assert re.findall(r"\d[\d,.]*\d|\d", text) == [
        f"{test['accuracy'] * 100:.2f}", "95", f"{low * 100:.2f}", f"{high * 100:.2f}", f"{test['errors']:,}", f"{test['n']:,}",
    ]  # fmt: skip


def test_the_confusion_matrix_is_there_as_numbers(digits_record: RunRecord, page_text: str) -> None:
    table = re.search(r'<table class="confusion">(.*?)</table>', page_text, re.DOTALL)
    assert table
    rows = [[int(cell.replace(",", "")) for cell in re.findall(r"<td[^>]*>([\d,]+)</td>", row)]
            for row in table[1].split("<tbody>")[1].split("<tr>")[1:]]  # fmt: skip
    assert rows == digits_record.metrics["test"]["confusion"]


def test_every_score_is_followed_by_its_interval(digits_record: RunRecord, page_text: str) -> None:
    test = digits_record.metrics["test"]
    section = re.search(r'<section id="good".*?</section>', page_text, re.DOTALL)
    assert section
    text = re.sub(r"<[^>]+>", " ", section[0])
    for name in ("loss", "macro_f1"):
        low, high = test[f"{name}_interval"]
        assert re.search(rf"{test[name]:.4f}\s+{low:.4f}–{high:.4f}", text), name
    for score in test["per_class"]:
        of_precision, of_recall, of_f1 = (score[f"{name}_interval"] for name in ("precision", "recall", "f1"))
        shown_lines = [f"{100 * score[name]:.2f}% {100 * low:.2f}–{100 * high:.2f}%"
                for name, (low, high) in (("precision", of_precision), ("recall", of_recall))]  # fmt: skip
        shown_lines.append(f"{score['f1']:.4f} {of_f1[0]:.4f}–{of_f1[1]:.4f}")
        assert " ".join(shown_lines) in re.sub(" +", " ", text), score["class_name"]


def test_keras_summary_is_told_with_none_and_totals(page_text: str) -> None:
    for part in ("(None, 8, 8, 16)", "(None, 10)", "= 3·3·16·32 + 32", "Total parameters: 22,602 (88.29\xa0KB)",
                 "Trainable parameters: 22,602 (88.29\xa0KB)", "Non-trainable parameters: 0 (0.00\xa0B)"):  # fmt: skip
        assert part in page_text


def test_every_finding_leads_to_its_evidence(digits_record: RunRecord, drawings: list[Drawing]) -> None:
    """Figures, and the parts of the section on uncertainty that have none."""
    metrics = examined(digits_record)
    metrics["ood"] = ood_metrics()
    record = with_metrics(replace(digits_record, metrics=metrics))
    damaged = replace(drawings[-1], name="robustness", svg=drawings[-1].svg.replace(drawings[-1].name, "robustness"))
    text = render(record, [*drawings, damaged])
    listed = re.search(r'<details class="findings".*?</details>', text, re.DOTALL)
    assert listed
    items = re.findall(r"<li>(.*?)</li>", listed[0], re.DOTALL)
    links = [re.findall(r'href="#([^"]+)"', item) for item in items]
    assert len(items) == len(record.metrics["findings"])
    assert all(len(each) == 1 for each in links)
    assert {each[0] for each in links} <= set(Elements(text).values("id"))
    assert {"sure-attacks", "sure-ood", "sure-label_audit", "figure-robustness"} <= {each[0] for each in links}


def test_the_first_findings_after_the_result_stand_in_brief_above_the_playground(
    page_text: str, digits_record: RunRecord
) -> None:
    shown = re.search(r'<ul class="brief".*?</ul>', page_text, re.DOTALL)
    assert shown
    assert page_text.index(shown[0]) < page_text.index('id="playground"')
    text = unescape(re.sub(r"<[^>]+>", "", shown[0])).replace("\xa0", " ")
    shown_lines = [line for line in text.splitlines() if line.strip()]
    briefs = [finding["brief"] for finding in digits_record.metrics["findings"][1:]]
    assert 1 <= len(shown_lines) <= 3
    assert shown_lines[0] == briefs[0]
    assert shown_lines == [brief for brief in briefs if brief in shown_lines]


def test_what_does_not_apply_is_left_out(digits_record: RunRecord) -> None:
    test = {**digits_record.metrics["test"], "errors": 0, "accuracy": 1.0, "interval": [0.9, 1.0], "confused_pairs": []}
    metrics = {name: value for name, value in {**digits_record.metrics, "test": test}.items() if name != "baseline"}
    ids = set(Elements(render(replace(digits_record, metrics=metrics), [])).values("id"))
    assert not ids & {"fails", "figure-baseline", "figure-mistakes"}
    assert ids >= {"opening", "saw", "built", "learned", "good", "verdict", "yourself"}


def test_the_payload_comes_back_from_the_page(digits_record: RunRecord, page_text: str) -> None:
    assert payload_of(page_text) == make_payload(digits_record)


@pytest.mark.slow
def test_names_of_classes_are_text_and_nothing_else(hostile_record: RunRecord, hostile_text: str, page_text: str) -> None:
    hostile, harmless = Elements(hostile_text), Elements(page_text)
    for tag in ("script", "style", "img", "iframe"):
        assert len(hostile.of(tag)) == len(harmless.of(tag)), tag
    assert payload_of(hostile_text) == make_payload(hostile_record)
    for name in hostile_record.request["dataset"]["class_names"]:
        assert name in hostile.texts


def test_no_placeholder_and_no_programmers_word_is_left(elements: Elements) -> None:
    assert not re.search(r"\b(None|nan|undefined|Undefined|NaN)\b(?!, \d)", " ".join(elements.texts))


def test_light_dark_and_print_name_the_same_colours() -> None:
    style = (CSS / "base.css").read_text("utf-8")
    automatic = re.search(r":root:not\(\[data-theme=\"light\"\]\) \{(.*?)\}", style, re.DOTALL)
    chosen = re.search(r"^:root\[data-theme=\"dark\"\] \{(.*?)\}", style, re.DOTALL | re.MULTILINE)
    light = re.search(r"^:root \{(.*?)\}", style, re.DOTALL | re.MULTILINE)
    assert automatic
    assert chosen
    assert light
    assert automatic[1].split() == chosen[1].split()
    for role, colour in ROLES.items():
        assert f"--{role}: {colour};" in light[1]
        assert f"--{role}: #" in chosen[1]


def contrast(first: str, second: str) -> float:
    """By the formula of WCAG 2."""
    lights = []
    for colour in (first, second):
        shares = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
        linear = [share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4 for share in shares]
        lights.append(sum(weight * share for weight, share in zip((0.2126, 0.7152, 0.0722), linear, strict=True)))
    return (max(lights) + 0.05) / (min(lights) + 0.05)


@pytest.mark.parametrize("theme", [r"^:root \{(.*?)\}", r"^:root\[data-theme=\"dark\"\] \{(.*?)\}"])
def test_text_stands_out_from_its_ground(theme: str) -> None:
    style = (CSS / "base.css").read_text("utf-8")
    block = re.search(theme, style, re.DOTALL | re.MULTILINE)
    assert block
    colours = dict(re.findall(r"--(\w+): (#\w{6});", block[1]))
    for text, ground in [("ink", "paper"), ("muted", "paper"), ("accent", "paper"), ("ink", "wash"), ("muted", "wash"),
                         ("ink", "right"), ("ink", "wrong"), ("ink", "notice"), ("paper", "ink")]:  # fmt: skip
        assert contrast(colours[text], colours[ground]) >= 4.5, (text, ground)
