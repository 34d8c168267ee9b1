"""Measure the page of a run in Chromium: size, loading, latency while drawing, layout shift, memory, and build time.

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
from markdown_parts import measured_with

import convscope
from convscope.page.render import render
from convscope.runs import store
from convscope.system.files import write_json

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

RESULTS = Path(__file__).parent / "results" / "page.json"
EPOCHS = 10
IMAGES, FRAMES = 200, 120
"""Images per round for the forward pass, and frames per stroke."""
SLOWER, STROKES = 4, 500
"""Factor by which a weak machine is slower, and strokes over which memory may not grow."""
SETTLE = 1500
"""Milliseconds until the page has finished its deferred work."""
# `convscope.run` allocates and copies all activations into lists, about twice the work of the page's own forward pass.
RUN_TIMES = """(images) => {
  const pixels = JSON.parse(document.getElementById("payload").textContent).first_image.pixels.flat(2).map((level) => level / 255);
  return Array.from({length: images}, () => {
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
READY_AT = """new MutationObserver(() => {
  const root = document.documentElement;
  if (root?.classList.contains("is-live")) window.liveAt ??= performance.now();
  if (root?.dataset.ready) window.readyAt ??= performance.now();
}).observe(document, {subtree: true, attributeFilter: ["class", "data-ready"]});"""
SHIFTS = """window.shifts = [];
new PerformanceObserver((list) => {
  for (const {value, hadRecentInput, sources} of list.getEntries()) {
    const parts = (sources ?? []).map(({node}) => `${node?.nodeName} ${node?.id ?? ""} ${node?.className ?? ""}`);
    if (!hadRecentInput) shifts.push({value, parts});
  }
}).observe({type: "layout-shift", buffered: true});"""
READ_TO_THE_END = """(async () => {
  for (let top = 0; top < document.documentElement.scrollHeight; top += innerHeight / 2) {
    scrollTo({top, behavior: "instant"});
    await new Promise((done) => setTimeout(done, 100));
  }
})()"""
Result = dict[str, Any]


def run_milliseconds(page: Page, images: int = IMAGES) -> list[float]:
    """Return the time of one forward pass for each of some images."""
    times: list[float] = page.evaluate(RUN_TIMES, images)
    return times


def stroke_milliseconds(page: Page, frames: int = FRAMES) -> list[float]:
    """Return the time of each frame of one long stroke, with all layers redrawn."""
    times: list[float] = page.evaluate(STROKE_TIMES, frames)
    return times


def slow_down(page: Page, factor: int) -> None:
    """Give the page a processor that is slower by a factor."""
    page.context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": factor})


def open_milliseconds(browser: Browser, address: str, *, slower: int = 1) -> tuple[float, float, float]:
    """Return the time from navigation to first paint, until the network answers strokes, and until all of the page is live."""
    context = browser.new_context(viewport={"width": 1366, "height": 625})
    try:
        page = context.new_page()
        page.add_init_script(READY_AT)
        slow_down(page, slower)
        page.goto(address)
        page.wait_for_selector("html[data-ready=true]", state="attached")
        painted: float = page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime")
        return painted, page.evaluate("liveAt"), page.evaluate("readyAt")
    finally:
        context.close()


def layout_shift(browser: Browser, address: str, *, is_read: bool = True) -> tuple[float, list[str]]:
    """Return how far parts jump without a cause while the page loads and is then read to its end, and which parts do."""
    context = browser.new_context(viewport={"width": 1366, "height": 625})
    try:
        page = context.new_page()
        page.add_init_script(SHIFTS)
        page.goto(address)
        page.wait_for_selector("html[data-ready=true]", state="attached")
        page.wait_for_timeout(SETTLE)
        if is_read:
            page.evaluate(READ_TO_THE_END)
        return page.evaluate("shifts.reduce((sum, {value}) => sum + value, 0)"), page.evaluate(
            "shifts.flatMap(({parts}) => parts)"
        )
    finally:
        context.close()


def heap_megabytes(page: Page, strokes: int) -> list[float]:
    """Return the memory of the page's scripts before and after some strokes, each time after a garbage collection."""
    session = page.context.new_cdp_session(page)

    def used() -> float:
        session.send("HeapProfiler.collectGarbage")
        return float(session.send("Runtime.getHeapUsage")["usedSize"]) / 1e6

    stroke_milliseconds(page, 2)
    before = used()
    for _ in range(strokes):
        stroke_milliseconds(page, 2)
        page.evaluate("convscope.clear()")
    return [before, used()]


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
        page = browser.new_page(viewport={"width": 1366, "height": 625})
        page.goto(address)
        page.wait_for_selector("html[data-ready=true]", state="attached")
        page.wait_for_timeout(SETTLE)
        runs = [each for _ in range(rounds) for each in run_milliseconds(page)]
        strokes = [each for _ in range(rounds) for each in stroke_milliseconds(page)]
        slow_down(page, SLOWER)
        slow_strokes = [each for _ in range(rounds) for each in stroke_milliseconds(page)]
        slow_down(page, 1)
        slowly_opened = [open_milliseconds(browser, address, slower=SLOWER) for _ in range(rounds)]
        shift, _ = layout_shift(browser, address)
        heap = heap_megabytes(page, STROKES)
        version = browser.version
        browser.close()
    return {
        "browser": f"Chromium {version}",
        "first_paint_milliseconds": spread([painted for painted, _, _ in opened]),
        "live_milliseconds": spread([live for _, live, _ in opened]),
        "ready_milliseconds": spread([ready for _, _, ready in opened]),
        "run_milliseconds": spread(runs),
        "stroke_milliseconds": spread(strokes),
        f"live_milliseconds_{SLOWER}x_slower": spread([live for _, live, _ in slowly_opened]),
        f"ready_milliseconds_{SLOWER}x_slower": spread([ready for _, _, ready in slowly_opened]),
        f"stroke_milliseconds_{SLOWER}x_slower": spread(slow_strokes),
        "layout_shift": shift,
        f"heap_megabytes_before_and_after_{STROKES}_strokes": heap,
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
            **measured_with(),
            "dataset": record.request["dataset"]["name"], "model": record.request["model"], "epochs": len(record.history),
            "rounds": arguments.rounds, "page_bytes": page.stat().st_size, "build_seconds": built,
            **measure_in_browser(page.as_uri(), arguments.rounds),
            "load_before": before, "load_after": os.getloadavg()[0],
        }  # fmt: skip
    write_json(arguments.out, results)
    print(json.dumps(results, indent=1))


if __name__ == "__main__":
    main()
