"""Fixtures that several rooms' tests share: real data, one real run on the quick dataset, a real browser."""

from __future__ import annotations

import faulthandler
import gc
import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import settings

import convscope
from convscope.data.dataset import Dataset
from convscope.data.known.builtin import load_digits, load_mnist
from convscope.runs import files, ledger
from convscope.runs.record import RunRecord

from .audited import audited as audited  # type: ignore[import-not-found]
from .bad_inputs import BadInputs  # type: ignore[import-not-found]
from .gold_files import GoldFiles  # type: ignore[import-not-found]
from .without_figures import leave_out_figures  # type: ignore[import-not-found]

if TYPE_CHECKING:
    from playwright.sync_api import Browser


# The commands that tests start find our modules compiled, as pip leaves them: half a second of each otherwise goes to that.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
# Of the window around a page: Chromium loads the popup below its address field anew for each, which takes as long as our page
# does. The last two Playwright leaves out as well, but of two such lists Chromium reads the last.
UNUSED = "WebUIOmniboxPopup,WebUIOmniboxAimPopup,PaintHolding,DestroyProfileOnBrowserClose"
# How long an example takes is another tenant's doing as often as ours; what must be quick is timed in tests of its own.
settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")


@pytest.fixture(scope="session")
def digits() -> Dataset:
    """1,797 images of 8 × 8: the tests' quick dataset."""
    return load_digits()


@pytest.fixture(scope="session")
def mnist() -> Dataset:
    return load_mnist()


@pytest.fixture(scope="session")
def digits_run(tmp_path_factory: pytest.TempPathFactory) -> convscope.Run:
    """A whole run, baseline, figures and page included, on `digits`. Tests must not change its folder."""
    return _once(tmp_path_factory, "digits", epochs=2)


@pytest.fixture(scope="session")
def mnist_run(tmp_path_factory: pytest.TempPathFactory) -> convscope.Run:
    """A run on all of MNIST, as quick as it gets: for slow tests."""
    return _once(tmp_path_factory, "mnist", recipe="sprint", epochs=1)


def _once(factory: pytest.TempPathFactory, data: str, **arguments: Any) -> convscope.Run:
    """A run for all processes of the suite: the first that asks trains it, the others wait for that and read it."""
    place = factory.getbasetemp()
    if os.name == "nt":  # without such locks: each trains its own
        return convscope.train(data, out=place / "runs" / data, **arguments)
    import fcntl

    place = place.parent if "PYTEST_XDIST_WORKER" in os.environ else place
    with (place / f"{data}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        folder = place / "shared-runs" / data
        if (folder / files.MANIFEST).is_file():
            return convscope.load_run(folder)
        return convscope.train(data, out=folder, **arguments)


@pytest.fixture(scope="session")
def digits_record(digits_run: convscope.Run) -> RunRecord:
    return digits_run.record


@pytest.fixture
def run_copy(digits_run: convscope.Run, tmp_path: Path) -> Path:
    """A copy of the run's folder that a test may spoil."""
    written = {entry.verb for entry in ledger.read(digits_run.folder)} - {"train"}
    assert not written, f"a test has written into the run that all share, by {written}; let it use a copy"
    return Path(shutil.copytree(digits_run.folder, tmp_path / "run"))


@pytest.fixture
def no_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages are made without figures, in a tenth of the time."""
    leave_out_figures(monkeypatch)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium, one for all tests of a process, since Playwright lets only one loop run in a thread.

    Without one the tests are skipped, unless CONVSCOPE_REQUIRE_BROWSER=1 says that there must be one.
    """
    missing = pytest.fail if os.environ.get("CONVSCOPE_REQUIRE_BROWSER") == "1" else pytest.skip
    executable = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if executable is None:
        missing("no Chromium on this machine")
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        missing("no Playwright in this environment")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            # A page that jumps and does not glide saves a second and a half at every link; `test_browsers` has pages that glide.
            executable_path=executable, args=["--no-sandbox", "--disable-smooth-scrolling", f"--disable-features={UNUSED}"],
        )  # fmt: skip
        yield browser
        browser.close()


@pytest.fixture
def never_hangs() -> Iterator[None]:
    """Ends the process, and shows where it was, where a test takes two minutes: a reader that waits for a pipe to be filled, or
    reads a device without end, would keep the whole suite waiting, and no exception ends a thread that does."""
    faulthandler.dump_traceback_later(120, exit=True, file=sys.__stderr__)
    yield
    faulthandler.cancel_dump_traceback_later()


@pytest.fixture(scope="session")
def bad_inputs() -> Iterator[BadInputs]:
    """``docs/bad-inputs.md``, which tests hold what they saw against."""
    table = BadInputs()
    yield table
    table.write()


@pytest.fixture(scope="session")
def gold() -> GoldFiles:
    """Compare a text with its snapshot: ``gold("cli/train", output)``."""
    return GoldFiles()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--thorough", action="store_true", help="run every row of the long tables, and the tests marked `thorough`"
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark the tests that hold wording, so that ``make accept`` runs them alone; leave out what takes a call of its own."""
    for item in items:
        if {"gold", "bad_inputs"} & set(getattr(item, "fixturenames", ())):
            item.add_marker("gold")
    left_out = set() if config.getoption("--thorough") else _thorough(items)
    if "budget" not in config.getoption("markexpr"):
        left_out |= {item for item in items if item.get_closest_marker("budget")}
    config.hook.pytest_deselected(items=[item for item in items if item in left_out])
    items[:] = [item for item in items if item not in left_out]


def pytest_collection_finish() -> None:
    """Let no collection of garbage look through the thousands of tests and all modules: statsmodels and Keras call for many."""
    gc.collect()
    gc.freeze()


def _thorough(items: list[pytest.Item]) -> set[pytest.Item]:
    """What ``thorough`` marks, and of each table with ``rows(n)`` all but ``n`` rows: the first, the last and some between."""
    tables: dict[str, list[pytest.Item]] = {}
    for item in items:
        if item.get_closest_marker("rows"):
            tables.setdefault(item.nodeid.partition("[")[0], []).append(item)
    left_out = {item for item in items if item.get_closest_marker("thorough")}
    for table in tables.values():
        (count,) = table[0].get_closest_marker("rows").args
        kept = {round(row) for row in np.linspace(0, len(table) - 1, min(count, len(table)))}
        left_out.update(item for row, item in enumerate(table) if row not in kept)
    return left_out
