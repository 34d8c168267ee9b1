"""The page that `convscope explain` makes, in a real Chromium: opened at the picture, with the answer that the terminal got."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

import convscope
from convscope.api.run import Run

if TYPE_CHECKING:
    from playwright.sync_api import Browser

NAME = "a</script><img src=x onerror=alert(1)>\"'\u202eשלום 👩‍🔬 {{ 7 * 7 }}.png"
"""With a slash in it: a folder and a file. The sign that turns the writing round is written out when it is shown."""


@pytest.mark.slow
def test_the_page_opens_at_the_picture_and_answers_as_the_terminal(
    digits_run: Run, browser: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a<").mkdir()
    drawing = Image.fromarray(255 - digits_run.dataset.test.images[11, ..., 0])
    drawing.resize((160, 160), Image.Resampling.NEAREST).save(NAME)
    explanation = convscope.explain(digits_run, NAME)
    page = browser.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda message: errors.append(message.text))
    page.on("dialog", lambda dialog: (errors.append(dialog.message), dialog.dismiss()))
    page.goto((tmp_path / explanation.page).as_uri())
    page.wait_for_selector("html[data-ready=true]")
    assert page.evaluate("convscope.answer()") == explanation.prediction.class_name
    pixels = convscope.predict(digits_run, NAME).prepared.ravel() / 255
    probabilities = page.evaluate("pixels => Array.from(convscope.run(pixels).probabilities)", pixels.tolist())
    temperature = convscope.predict(digits_run, NAME).temperature
    sharpened = np.asarray(probabilities) ** (1 / temperature)
    assert sharpened.max() / sharpened.sum() == pytest.approx(explanation.prediction.probability, abs=1e-4)
    text = page.inner_text("body")
    assert NAME.replace("\u202e", r"\u202e") in text
    assert page.locator("img").count() == 0
    assert page.locator("script").count() == (digits_run.folder / "report.html").read_text("utf-8").count("<script")
    assert all(words in text for words in explanation.prediction.preprocessing_steps)
    assert errors == []
    page.close()
