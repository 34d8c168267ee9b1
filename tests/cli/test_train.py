from __future__ import annotations

import re
import signal
import subprocess
import sys
import time
from pathlib import Path

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
