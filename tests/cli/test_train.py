from __future__ import annotations

import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from convscope.cli.main import main
from convscope.runs import run_folder


@pytest.mark.slow
def test_the_printed_time_is_that_of_the_whole_command(
    tmp_path: Path, no_figures: None, capsys: pytest.CaptureFixture[str]
) -> None:
    started = time.perf_counter()
    assert main(["train", "digits", "--epochs", "2", "--out", str(tmp_path / "run")]) == 0
    elapsed = time.perf_counter() - started
    found = re.search(r"^2 epochs trained in (.+) s; this command took (.+) s$", capsys.readouterr().out, re.MULTILINE)
    assert found is not None
    assert float(found[1]) < float(found[2])
    assert float(found[2]) == pytest.approx(elapsed, abs=0.5)


@pytest.mark.slow
def test_ctrl_c_while_the_page_is_written_keeps_a_complete_run_and_says_how_to_write_it(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    command = [sys.executable, "-m", "convscope", "train", "digits", "--epochs", "1", "--quiet", "--out", str(folder)]

    def heed_interrupts() -> None:
        signal.signal(signal.SIGINT, signal.SIG_DFL)

    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, preexec_fn=heed_interrupts) as process:
        while not (folder / "figures").is_dir():
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert errors.strip() == (
        f"convscope: interrupted. The training is complete, in {str(folder)!r}; write its page with: convscope report {folder}"
    )
    assert not (run_folder.verify(folder) / "report.html").exists()
    assert main(["report", str(folder), "--quiet"]) == 0
    assert (run_folder.verify(folder) / "report.html").is_file()


@pytest.mark.slow
@pytest.mark.parametrize("label", [0, 1])
def test_one_test_image_and_one_validation_image_are_no_images(
    label: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    images = np.zeros((13, 9, 9), np.uint8)
    images[6:12, 4:] = images[:6, :, 4:] = images[12, :, 4:] = 200
    images += np.random.default_rng(0).integers(0, 50, images.shape, dtype=np.uint8)
    labels = np.repeat([0, 1], 6)
    np.savez(tmp_path / "few.npz", x_train=images[:12], y_train=labels, x_test=images[12:], y_test=np.array([label]))
    assert main(["train", str(tmp_path / "few.npz"), "--recipe", "sprint", "--out", str(tmp_path / "run")]) == 0
    printed = "".join(capsys.readouterr())
    page = re.sub(r"(?s)<(script|style|svg)\b.*?</\1>|<[^>]+>", "", (tmp_path / "run" / "report.html").read_text("utf-8"))
    for text in (printed, page):
        assert re.findall(r"[^.;]*\b1 (?:\w+ )?(?:images|errors|classes)\b[^.;]*", text) == []
