"""Class names in scripts that DejaVu Sans lacks, with fonts made for these tests: every character a block as wide as high."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen
from matplotlib.font_manager import findfont
from PIL import Image

from convscope.cli import text
from convscope.figures import fonts
from convscope.figures.canvas import FigureCanvas, in_theme
from convscope.figures.figure import Illustration, to_png, to_svg

DEJAVU = findfont("DejaVu Sans")
Installed = Callable[..., None]


def block_font(path: Path, characters: str) -> Path:
    names = {ord(each): f"u{ord(each):04X}" for each in characters}
    pen = TTGlyphPen(None)
    pen.moveTo((0, 0))
    for corner in ((0, 700), (900, 700), (900, 0)):
        pen.lineTo(corner)
    pen.closePath()
    builder = FontBuilder(1000, isTTF=True)
    builder.setupGlyphOrder([".notdef", *names.values()])
    builder.setupCharacterMap(names)
    builder.setupGlyf(dict.fromkeys([".notdef", *names.values()], pen.glyph()))
    builder.setupHorizontalMetrics(dict.fromkeys([".notdef", *names.values()], (1000, 0)))
    builder.setupHorizontalHeader(ascent=800, descent=-200)
    builder.setupNameTable({"familyName": f"Made {path.stem}", "styleName": "Regular"})
    builder.setupOS2()
    builder.setupPost()
    builder.save(path)
    return path


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> Installed:
    """Make these fonts, and DejaVu Sans, the ones that are installed."""

    def install(*paths: Path) -> None:
        monkeypatch.setattr(fonts, "findSystemFonts", lambda: [DEJAVU, *map(str, paths)])
        monkeypatch.setattr(fonts, "_families", {})

    return install


@in_theme
def figure(name: str) -> Illustration:
    canvas = FigureCanvas("A title", 0.5, width=3)
    canvas.text(0, 0.3, name, fontsize=20)
    return Illustration("figure", "A title", "", "", canvas.figure)


def ink(illustration: Illustration, path: Path) -> int:
    """The number of dark pixels below the title."""
    path.write_bytes(to_png(illustration))
    with Image.open(path) as image:
        return int((np.asarray(image.convert("L"))[80:] < 128).sum())


@pytest.mark.parametrize("name", ["汉字", "日本語", "한국어", "हिन्दी", "தமிழ்", "ไทย"])
def test_a_png_draws_names_in_a_font_that_has_them(name: str, installed: Installed, tmp_path: Path) -> None:
    installed()
    boxes = ink(figure(name), tmp_path / "boxes.png")
    installed(block_font(tmp_path / f"Sans {tmp_path.name}.ttf", name))  # matplotlib keeps fonts by their names
    assert ink(figure(name), tmp_path / "blocks.png") > 1.5 * boxes
    assert fonts.characters_without_font([name]) == ""


def test_names_in_several_scripts_take_several_fonts(installed: Installed, tmp_path: Path) -> None:
    installed(
        block_font(tmp_path / f"Chinese {tmp_path.name}.ttf", "汉字"),
        block_font(tmp_path / f"Hindi {tmp_path.name}.ttf", "हिन्दी"),
    )
    assert fonts.characters_without_font(["汉字 हिन्दी", "한"]) == "한"
    drawn = figure("汉字 हिन्दी")
    with fonts.fitting_fonts(drawn.figure):
        families = [each.get_fontfamily() for each in drawn.figure.texts]
    assert families[-1] == ["DejaVu Sans", f"Made Chinese {tmp_path.name}", f"Made Hindi {tmp_path.name}"]


def test_the_svg_stays_in_the_fonts_of_its_reader(installed: Installed, tmp_path: Path) -> None:
    installed(block_font(tmp_path / f"Chinese {tmp_path.name}.ttf", "汉字"))
    drawn = figure("汉字")
    before = to_svg(drawn)
    to_png(drawn)
    assert to_svg(drawn) == before
    assert "汉字" in before
    assert "Made" not in before


def test_plain_names_look_for_no_font(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(fonts, "_families", {})
    monkeypatch.setattr(fonts, "findSystemFonts", lambda: pytest.fail("looked for fonts"))
    for name in ("cat", "naïve Ünïcode", "Ελληνικά", "кошка", "العربية", "a\u200db"):
        to_png(figure(name))
    assert text.font_note(["cat", "кошка"]) == ""


def test_damaged_fonts_and_fonts_of_placeholders_are_passed_over(installed: Installed, tmp_path: Path) -> None:
    (tmp_path / "Damaged Sans.ttf").write_bytes(b"no font")
    placeholders = block_font(tmp_path / "LastResort.ttf", "汉字")
    installed(tmp_path / "Damaged Sans.ttf", tmp_path / "not there.ttf", placeholders)
    assert fonts.characters_without_font(["汉字"]) == "汉字"


def test_a_note_names_the_characters_that_no_font_has(installed: Installed) -> None:
    installed()
    assert "no installed font has 汉字," in text.font_note(["汉字", "cat", "字"])
    assert "no installed font has 零一二三四五六七…," in text.font_note(["零一二三四五六七八九"])
