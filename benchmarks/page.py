"""Measure the page of a run in Chromium: size, loading, latency while drawing, and build time.

    python benchmarks/page.py [RUN] [--rounds 5] [--out FILE]

Without RUN, `cnn` is trained on MNIST for ten epochs first, as many as in the notebook. Every value is saved to
`benchmarks/results/page.json`, with machine, versions and load; `tests/page/test_budgets.py` uses the functions of this script.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

import convscope
from convscope.page.render import render
from convscope.runs import store
from convscope.system.files import write_json
from convscope.system.hardware import describe_machine, package_versions

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

RESULTS = Path(__file__).parent / "results" / "page.json"
EPOCHS = 10
IMAGES, FRAMES = 200, 120
"""Images per round for the forward pass, and frames per stroke."""
SETTLE = 1500
"""Milliseconds until the page has finished its deferred work."""
# `convscope.run` allocates and copies all activations, slightly more work than the page does for its own views. Noise is the
# worst case, because the forward pass skips pixels that are zero.
RUN_TIMES = """(images) => {
  const {dataset: {image_shape: [height, width, channels]}} = JSON.parse(document.getElementById("payload").textContent);
  return Array.from({length: images}, () => {
    const pixels = Float32Array.from({length: height * width * channels}, Math.random);
    const began = performance.now();
    convscope.run(pixels);
    return performance.now() - began;
  });
}"""
STROKE_TIMES = """async (frames) => {
  const pad = document.getElementById("pad");
  pad.scrollIntoView({block: "center", behavior: "instant"});
  const {left, top, width, height} = pad.getBoundingClientRect();
  pad.setPointerCapture = () => {};
  const fire = (type, x, y) => pad.dispatchEvent(new PointerEvent(type, {
    pointerId: 1, button: 0, clientX: left + x * width, clientY: top + y * height, bubbles: true, cancelable: true,
  }));
  const times = [];
  fire("pointerdown", 0.75, 0.5);
  for (let step = 0; step < frames; step++) {
    await new Promise((done) => {
      let began;
      requestAnimationFrame(() => (began = performance.now()));
      fire("pointermove", 0.5 + 0.25 * Math.cos(step / 10), 0.5 + 0.35 * Math.sin(step / 10));
      requestAnimationFrame(() => { times.push(performance.now() - began); done(); });
    });
  }
  fire("pointerup", 0.75, 0.5);
  return times;
}"""
"""Time from the start of a frame until all layers, the pad and the prediction are redrawn."""
READY_AT = """new MutationObserver((_, watcher) => {
  if (!document.documentElement?.dataset.ready) return;
  window.readyAt = performance.now();
  watcher.disconnect();
}).observe(document, {subtree: true, attributeFilter: ["data-ready"]});"""
Result = dict[str, Any]


def run_milliseconds(page: Page, images: int = IMAGES) -> list[float]:
    """Return the time of one forward pass for each of some images."""
    times: list[float] = page.evaluate(RUN_TIMES, images)
    return times


def stroke_milliseconds(page: Page, frames: int = FRAMES) -> list[float]:
    """Return the time of each frame of one long stroke, with all layers redrawn."""
    times: list[float] = page.evaluate(STROKE_TIMES, frames)
    return times


def open_milliseconds(browser: Browser, address: str) -> tuple[float, float]:
    """Return the time from navigation to first paint, and until the network runs."""
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    try:
        page = context.new_page()
        page.add_init_script(READY_AT)
        page.goto(address)
        page.wait_for_selector("html[data-ready=true]", state="attached")
        painted: float = page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime")
        return painted, page.evaluate("readyAt")
    finally:
        context.close()


def build_seconds(run: Path, rounds: int) -> dict[str, list[float]]:
    """Time rendering the page without figures, and `convscope.report`, which draws the figures too."""
    record = store.load_record(run)
    works = {"page without figures": lambda: render(record, []), "report": lambda: convscope.report(run)}
    for work in works.values():
        work()  # a warm-up, so that imports, templates and fonts are loaded
    return {name: [_seconds_of(work) for _ in range(rounds)] for name, work in works.items()}


def _seconds_of(work: Any) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def spread(times: list[float]) -> dict[str, float]:
    """Return median, 95th percentile and maximum."""
    return {"median": float(np.median(times)), "p95": float(np.quantile(times, 0.95)), "worst": max(times)}


def measure_in_browser(address: str, rounds: int) -> Result:
    """Measure what happens in the browser."""
    from playwright.sync_api import sync_playwright

    executable = shutil.which("chromium") or shutil.which("google-chrome")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=["--no-sandbox"])
        opened = [open_milliseconds(browser, address) for _ in range(rounds)]
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        page.goto(address)
        page.wait_for_selector("html[data-ready=true]", state="attached")
        page.wait_for_timeout(SETTLE)
        runs = [each for _ in range(rounds) for each in run_milliseconds(page)]
        strokes = [each for _ in range(rounds) for each in stroke_milliseconds(page)]
        version = browser.version
        browser.close()
    return {
        "browser": f"Chromium {version}",
        "first_paint_milliseconds": spread([painted for painted, _ in opened]),
        "ready_milliseconds": spread([ready for _, ready in opened]),
        "run_milliseconds": spread(runs),
        "stroke_milliseconds": spread(strokes),
    }


def main() -> None:
    """Measure and save."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", nargs="?", type=Path)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--out", type=Path, default=RESULTS)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        run = Path(folder) / "run"
        if arguments.run is None:
            line = ["train", "mnist", "--epochs", str(EPOCHS), "--out", str(run), "--quiet"]
            subprocess.run([sys.executable, "-m", "convscope", *line], check=True)
        else:
            shutil.copytree(arguments.run, run)
        before = os.getloadavg()[0]
        built = {name: spread(seconds) for name, seconds in build_seconds(run, arguments.rounds).items()}
        page = run / "report.html"
        record = store.load_record(run)
        results = {
            "machine": describe_machine(), "versions": package_versions(), "date": time.strftime("%Y-%m-%d"),
            "dataset": record.request["dataset"]["name"], "model": record.request["model"], "epochs": len(record.history),
            "rounds": arguments.rounds, "page_bytes": page.stat().st_size, "build_seconds": built,
            **measure_in_browser(page.as_uri(), arguments.rounds),
            "load_before": before, "load_after": os.getloadavg()[0],
        }  # fmt: skip
    write_json(arguments.out, results)
    print(json.dumps(results, indent=1))


if __name__ == "__main__":
    main()
