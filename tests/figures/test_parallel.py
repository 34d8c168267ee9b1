"""Figures drawn by a second process: all of them with the same bytes, even if it fails."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

import convscope
from convscope.figures import gallery
from convscope.figures.gallery import illustrate
from convscope.figures.parallel import ALL, EVERY_OTHER, SecondProcess, draw_all
from convscope.runs import store


@pytest.fixture(scope="module")
def names(digits_run: convscope.Run) -> list[str]:
    return [each.name for each in illustrate(digits_run.record)]


@pytest.mark.slow
def test_the_second_process_draws_the_same_bytes_as_the_first(digits_run: convscope.Run, names: list[str]) -> None:
    with SecondProcess(digits_run.folder, EVERY_OTHER) as second:
        shared = list(draw_all(digits_run.record, second))
    for each in shared:
        folder = digits_run.folder / "figures"
        assert each.svg == (folder / f"{each.drawing.name}.svg").read_text("utf-8")
        assert each.png == (folder / f"{each.drawing.name}.png").read_bytes()
    assert [each.drawing.name for each in shared] == names


@pytest.mark.slow
def test_what_the_second_process_does_not_deliver_is_drawn_all_the_same(
    digits_run: convscope.Run, names: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = gallery.drawers(digits_run.record)[:6]
    monkeypatch.setattr(gallery, "drawers", lambda record: first)
    with SecondProcess(tmp_path / "nothing", EVERY_OTHER) as fails:
        assert fails.drawn() == {}
        assert [each.drawing.name for each in draw_all(digits_run.record, fails)] == names[:6]
    monkeypatch.setattr(sys, "executable", str(tmp_path / "no-python"))
    with SecondProcess(digits_run.folder, ALL) as absent:
        assert absent.drawn() == {}


def test_a_second_process_that_is_not_waited_for_is_ended(digits_run: convscope.Run) -> None:
    with SecondProcess(digits_run.folder, ALL) as second:
        process = second._process
        assert process is not None
        assert process.poll() is None
    assert process.poll() is not None


def test_figures_that_came_after_the_record_was_saved_stand_at_the_end(digits_run: convscope.Run, names: list[str]) -> None:
    saved = store.load_record(digits_run.folder)
    assert "baseline" in saved.metrics
    assert names[-1] == "baseline"
