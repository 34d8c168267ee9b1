"""A figure's SVG becomes a part of the page: in its colours, without styles of its own."""

from __future__ import annotations

import re

import pytest

from convscope.figures.figure import Drawing
from convscope.figures.theme import ROLES
from convscope.page.svg import StyleClasses, anchor, embed, with_page_colours


def drawing(body: str, name: str = "loss") -> Drawing:
    svg = f'<svg width="72pt" height="36pt" viewBox="0 0 72 36">{body}</svg>'
    return Drawing(name, 'A "title" <b>', "How to read it.", "In words.", svg)


@pytest.mark.parametrize(("role", "colour"), ROLES.items())
def test_every_role_becomes_a_variable_of_its_name(role: str, colour: str) -> None:
    assert with_page_colours(f'<path style="fill: {colour}; stroke: {colour.upper()}"/>') == (
        f'<path style="fill: var(--{role}); stroke: var(--{role})"/>'
    )
    assert with_page_colours(f'<path fill="{colour}"/>') == f'<path fill="var(--{role})"/>'


def test_a_class_called_like_a_colour_keeps_its_name() -> None:
    text = f'<text>{ROLES["ink"]} style="fill: {ROLES["ink"]}"</text>'
    assert text in embed(drawing(text), StyleClasses()).svg


def test_equal_styles_share_one_class_and_no_style_attribute_is_left() -> None:
    classes = StyleClasses()
    body = '<path style="fill: #123456"/><path style="fill: #123456"/><path style="fill: none"/>'
    svg = embed(drawing(body), classes).svg
    assert "style=" not in svg
    assert svg.count('class="s0"') == 2
    assert ".s0{fill: #123456}\n.s1{fill: none}" in classes.css()


def test_text_that_looks_like_a_style_stays_text() -> None:
    svg = embed(drawing('<text>style="fill: red"</text>'), StyleClasses()).svg
    assert '<text>style="fill: red"</text>' in svg


def test_the_pages_font_replaces_the_drawings() -> None:
    classes = StyleClasses()
    embed(drawing("<text style=\"font: 700 12px 'DejaVu Sans', sans-serif; fill: red\">a</text>"), classes)
    embed(drawing("<text style=\"font-size: 9px; font-family: 'DejaVu Sans'; text-anchor: end\">a</text>"), classes)
    assert "{font: 700 12px var(--sans); fill: red}" in classes.css()
    assert "{font-size: 9px; font-family: var(--sans); text-anchor: end}" in classes.css()


@pytest.mark.parametrize(
    "style", ["} body { display: none", "background: url(https://example.org)", "a: \\3c /style", "@import x"]
)
def test_a_style_that_could_leave_its_rule_is_refused(style: str) -> None:
    with pytest.raises(ValueError, match="unsafe in a style sheet"):
        embed(drawing(f'<path style="{style}"/>'), StyleClasses())


def test_what_is_no_svg_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="'loss' must start with <svg>"):
        embed(Drawing("loss", "", "", "", "<p>no</p>"), StyleClasses())


def test_the_title_is_left_to_the_page_and_its_place_is_cut_off() -> None:
    with_title = embed(drawing('<g id="loss-title_0"><text x="1">A title</text></g><path d="M 0 0"/>'), StyleClasses())
    without = embed(drawing('<path d="M 0 0"/>'), StyleClasses())
    assert "A title" not in with_title.svg
    tops = [float(re.search(r'viewBox="[\d.]+ ([\d.]+)', each.svg)[1]) for each in (with_title, without)]  # type: ignore[index]
    assert tops[0] > tops[1]


def test_a_drawing_is_named_and_described() -> None:
    svg = embed(drawing(""), StyleClasses()).svg
    assert 'role="img"' in svg
    assert 'aria-label="A &quot;title&quot; &lt;b&gt;"' in svg
    assert 'aria-describedby="words-loss"' in svg


def test_a_layers_name_makes_a_whole_id() -> None:
    assert anchor("kernels_my layer/1") == "kernels_my-layer-1"


def test_every_real_drawing_loses_sheet_title_and_styles(drawings: list[Drawing]) -> None:
    classes = StyleClasses()
    for each in drawings:
        svg = embed(each, classes).svg
        assert "style=" not in svg, each.name
        assert "<style" not in svg, each.name
        assert "title_0" not in svg, each.name
        assert not re.search(r'id="[^"]*patch_1"', svg), each.name
    assert "DejaVu" not in classes.css()
    assert not any(colour in classes.css() for colour in ROLES.values())
