"""The command line, mostly in real processes: exit status, output and error messages."""

from __future__ import annotations

import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from convscope.api.run import Run
from convscope.cli.main import main
from convscope.formatting import percent
from convscope.runs import files, run_folder

from ..bad_inputs import BadInputs  # type: ignore[import-not-found]

Completed = subprocess.CompletedProcess[str]


def convscope(*arguments: object, timeout: float = 120, **keywords: object) -> Completed:
    command = [sys.executable, "-m", "convscope", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=timeout, check=False, **keywords)  # type: ignore[call-overload, no-any-return]


def in_this_process(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> Completed:
    """Run a command in this process, a hundred times as fast."""
    status = main(arguments)
    return Completed(arguments, status, *capsys.readouterr())


def assert_one_error(result: Completed, status: int, *words: str) -> None:
    assert result.returncode == status, result.stderr
    assert result.stdout == ""
    assert "Traceback" not in result.stderr
    lines = result.stderr.strip().splitlines()
    assert lines[-1].startswith("convscope: error: "), result.stderr
    for word in words:
        assert word in lines[-1]


@pytest.mark.slow
def test_train_writes_a_whole_run_and_prints_result_and_place(tmp_path: Path) -> None:
    result = convscope("train", "digits", "--epochs", 2, "--out", tmp_path / "run")
    assert result.returncode == 0, result.stderr
    assert result.stdout.startswith("test accuracy ")
    assert "95% CI" in result.stdout
    assert f"report: {tmp_path / 'run' / 'report.html'}" in result.stdout.splitlines()
    assert "conv2d_1 (Conv2D)" in result.stderr
    assert "cnn epoch 2/2" in result.stderr
    assert "images/s" in result.stderr
    assert "\x1b" not in result.stderr + result.stdout
    assert "WARNING" not in result.stderr
    assert sorted(os.listdir(run_folder.verify(tmp_path / "run"))) == sorted(
        files.KNOWN_FILES - {files.CHECKPOINT, files.LABEL_SUSPECTS, files.REFERENCE_DATA}
    )
    again = convscope("train", "digits", "--out", tmp_path / "run")
    assert_one_error(again, 1, str(tmp_path / "run"), "--overwrite")


@pytest.mark.slow
def test_train_without_report_leaves_it_for_later_and_prints_json(
    tmp_path: Path, no_figures: None, capsys: pytest.CaptureFixture[str]
) -> None:
    result = convscope("train", "digits", "--epochs", 1, "--out", tmp_path / "run", "--no-report", "--json", "--quiet")
    metrics = json.loads(result.stdout)
    assert result.stderr == ""
    assert metrics["test"]["n"] == 359
    assert not (tmp_path / "run" / "report.html").exists()
    report = in_this_process(["report", str(tmp_path / "run"), "--quiet"], capsys)
    assert report.stdout == f"{tmp_path / 'run' / 'report.html'}\n"
    run_folder.verify(tmp_path / "run")


@pytest.mark.slow
def test_the_recipe_notebook_warns_that_it_validates_on_the_test_split(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for recipe in ("notebook", "sprint"):
        folder = str(tmp_path / recipe)
        arguments = ["train", "digits", "--epochs", "1", "--no-report", "--model", "logistic", "--recipe", recipe]
        assert main([*arguments, "--out", folder]) == 0
        assert ("359 validation images (the test split" in capsys.readouterr().err) == (recipe == "notebook")


@pytest.mark.slow
def test_evaluate_prints_the_numbers_of_the_run(digits_run: Run) -> None:
    printed = convscope("evaluate", digits_run.folder)
    assert printed.stdout.startswith(f"test accuracy {percent(digits_run.evaluation.accuracy)} ")
    assert " in 359 images" in printed.stdout
    assert all(f"\n{name} " in printed.stdout for name in "0123456789")
    numbers = json.loads(convscope("evaluate", digits_run.folder, "--json").stdout)
    assert numbers["confusion"] == digits_run.record.metrics["test"]["confusion"]


@pytest.mark.slow
def test_evaluate_on_other_data_runs_the_network_again(digits_run: Run, run_copy: Path, tmp_path: Path) -> None:
    train, test = digits_run.dataset.train, digits_run.dataset.test
    np.savez(tmp_path / "own.npz", x_train=test.images, y_train=test.labels, x_test=train.images, y_test=train.labels)
    numbers = json.loads(convscope("evaluate", run_copy, tmp_path / "own.npz", "--json").stdout)
    predictions = digits_run.model.predict(train.images / np.float32(255), verbose=0).argmax(axis=1)
    assert numbers["n"] == len(train)
    assert numbers["errors"] == int((predictions != train.labels).sum())


@pytest.mark.slow
def test_evaluate_on_images_of_another_size_is_one_error(digits_run: Run) -> None:
    assert_one_error(convscope("evaluate", digits_run.folder, "mnist"), 1, "(10000, 28, 28, 1)", "(n, 8, 8, 1)")


@pytest.mark.slow
def test_report_is_the_same_again_without_tensorflow(run_copy: Path) -> None:
    before = (run_copy / "report.html").read_bytes()
    code = ("import sys; sys.modules.update(keras=None, tensorflow=None); from convscope.cli.main import main; "
            "sys.exit(main(sys.argv[1:]))")  # fmt: skip
    (run_copy / "report.html").write_bytes(before)
    result = subprocess.run(
        [sys.executable, "-c", code, "report", str(run_copy)], capture_output=True, text=True, check=False
    )
    assert (result.returncode, result.stderr) == (0, "")
    assert (run_copy / "report.html").read_bytes() == before
    run_folder.verify(run_copy)


@pytest.mark.slow
def test_data_shows_the_first_image_as_matrix_and_as_picture() -> None:
    result = convscope("data", "mnist")
    assert result.returncode == 0
    assert "60,000 training and 10,000 test images, 28 × 28, grey, 10 classes" in result.stdout
    assert "  3  18  18  18 126 136 175  26 166 255 247 127   0" in result.stdout
    assert "█" in result.stdout
    assert "CC BY-SA 3.0" in result.stdout
    counts = json.loads(convscope("data", "mnist", "--json").stdout)["test"]["class_counts"]
    assert counts == [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (["train", "mnits"], 1, ["'mnits'", "'mnist'"]),
        (["train", "photos/"], 1, ["'photos/'"]),
        (["train", "no/such.npz"], 1, ["no/such.npz"]),
        (["train", "digits", "--model", "cnnn"], 2, ["'cnnn'", "'cnn'"]),
        (["train", "digits", "--recipe", "standart"], 2, ["'standart'", "'standard'"]),
        (["train", "digits", "--epochs", "0"], 2, ["epochs", "0", "at least 1"]),
        (["train", "digits", "--epochs", "-3"], 2, ["epochs", "-3"]),
        (["train", "digits", "--epochs", "many"], 2, ["epochs must be a whole number", "'many'"]),
        (["train", "digits", "--seed", "-1"], 2, ["seed", "-1"]),
        (["train", "digits", "--out", "/dev/null/run"], 1, ["'/dev/null/run'", "another place"]),
        (["train"], 2, ["Missing argument 'DATA'"]),
        (["trian", "mnist"], 2, ["'train'"]),
        (["report", "no-such-run"], 1, ["no-such-run"]),
        (["evaluate", "no-such-run"], 1, ["no-such-run"]),
        (["data", "mnits"], 1, ["'mnist'"]),
    ],
    ids=lambda value: (
        " ".join(value) if isinstance(value, list) and value[0] in {"train", "trian", "report", "evaluate", "data"} else ""
    ),
)
def test_bad_input_is_one_error_and_writes_nothing(
    arguments: list[str],
    status: int,
    words: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert_one_error(in_this_process(arguments, capsys), status, *words)
    assert os.listdir(tmp_path) == []


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "damage"),
    [
        ("run.json", lambda content: content[: len(content) // 2]),
        ("metrics.json", lambda content: b""),
        ("history.csv", lambda content: content.replace(b"epoch", b"EPOCH")),
        ("predictions.npz", lambda content: content[:1000]),
        ("snapshots.npz", lambda content: content[:-1] + b"x"),
        ("manifest.json", lambda content: b"\xff" + content),
    ],
)
def test_a_damaged_run_is_one_error_and_stays_unchanged(
    name: str, damage: object, run_copy: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (run_copy / name).write_bytes(damage((run_copy / name).read_bytes()))  # type: ignore[operator]
    before = {path: path.read_bytes() for path in run_copy.rglob("*") if path.is_file()}
    assert_one_error(in_this_process(["report", str(run_copy)], capsys), 1, name)
    assert {path: path.read_bytes() for path in run_copy.rglob("*") if path.is_file()} == before


@pytest.mark.slow
@pytest.mark.parametrize("limit", [500, 60_000, 200_000])
def test_a_full_disk_is_one_error_and_leaves_no_manifest(
    limit: int, tmp_path: Path, bad_inputs: BadInputs, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Python would cut the bytecode that it caches at the same limit, and every later import of the module would fail.
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")

    def limit_file_size() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    result = convscope("train", "digits", "--epochs", 1, "--out", tmp_path / "run", "--quiet", preexec_fn=limit_file_size)
    assert_one_error(result, 1, str(tmp_path))
    if limit == 500:
        bad_inputs.met("machine", "A1 a disk that fills up", result.returncode, result.stderr, [tmp_path])
    assert not (tmp_path / "run" / "manifest.json").exists()
    assert not list(tmp_path.rglob(".partial-*"))


@pytest.mark.slow
def test_a_folder_without_write_permission_is_one_error(tmp_path: Path, bad_inputs: BadInputs) -> None:
    if os.geteuid() == 0 and not shutil.which("setpriv"):
        pytest.skip("root may write anywhere, and there is no setpriv here")
    (tmp_path / "locked").mkdir(mode=0o555)
    prefix = ["setpriv", "--reuid=65534", "--clear-groups", "--"] if os.geteuid() == 0 else []
    for parent in tmp_path.parents:
        if os.stat(parent).st_uid == os.geteuid() and parent != Path("/"):
            os.chmod(parent, os.stat(parent).st_mode | 0o011)
    os.chmod(tmp_path, 0o755)
    readable = subprocess.run([*prefix, sys.executable, "-c", "import convscope"], capture_output=True, check=False)
    if readable.returncode:
        pytest.skip("another user cannot read this Python here")
    command = [*prefix, sys.executable, "-m", "convscope", "train", "digits", "--out", str(tmp_path / "locked" / "run")]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert_one_error(result, 1, str(tmp_path / "locked"), "permission denied")
    bad_inputs.met(
        "machine", "D01 a folder that may not be written to", result.returncode, result.stderr, [tmp_path / "locked"]
    )


@pytest.mark.slow
def test_ctrl_c_keeps_the_weights_and_exits_with_130(tmp_path: Path, bad_inputs: BadInputs) -> None:
    command = [sys.executable, "-m", "convscope", "train", "digits", "--model", "logistic", "--epochs", "9000", "--out",
               str(tmp_path / "run")]  # fmt: skip

    def heed_interrupts() -> None:
        signal.signal(signal.SIGINT, signal.SIG_DFL)

    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(command, **pipes, text=True, preexec_fn=heed_interrupts) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if "epoch    2/9000" in line:
                process.send_signal(signal.SIGINT)
                break
        output, errors = process.communicate(timeout=250)  # a busy machine draws the page slowly
    assert process.returncode == 130
    said = next(line for line in errors.splitlines() if line.startswith("training stopped in epoch "))
    bad_inputs.met("machine", "K21 Ctrl-C in the middle", process.returncode, said, [tmp_path])
    assert "accuracy" in output
    assert json.loads((run_folder.verify(tmp_path / "run") / "run.json").read_text())["stopped_early"] is True
    assert (tmp_path / "run" / "report.html").is_file()


SHORT = ("train", "digits", "--model", "logistic", "--epochs", "1", "--quiet")


@pytest.mark.thorough  # `hostile/test_kills.py` kills trainings and reports, `runs/test_run_folder.py` at every step
@pytest.mark.slow
def test_a_training_killed_at_any_moment_leaves_no_manifest_or_a_whole_run(tmp_path: Path) -> None:
    """SIGKILL at two moments between the first file and the end; every file that a manifest names must be whole."""
    started = time.monotonic()
    whole = convscope(*SHORT, "--out", tmp_path / "whole")
    assert whole.returncode == 0
    seconds = time.monotonic() - started
    with ThreadPoolExecutor(2) as pool:
        shares = [0.5, 0.9]
        finished = list(pool.map(lambda share: is_whole_after_a_kill(tmp_path / f"run-{share}", seconds * share), shares))
    assert not all(finished)


def is_whole_after_a_kill(path: Path, seconds: float) -> bool:
    """Whether a training that was killed after so many seconds left a manifest; if so, all that it names must be whole."""
    command = [sys.executable, "-m", "convscope", *SHORT, "--out", str(path)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        time.sleep(seconds)
        process.kill()
        process.wait()
    if not (path / "manifest.json").exists():
        return False
    return (run_folder.verify(path) / "report.html").is_file()


@pytest.mark.slow
def test_debug_shows_a_traceback() -> None:
    assert "Traceback" in convscope("train", "mnits", "--debug").stderr


@pytest.mark.slow
def test_a_closed_pipe_is_no_error() -> None:
    command = f"{sys.executable} -m convscope data mnist | head -1"
    result = subprocess.run(["bash", "-o", "pipefail", "-c", command], capture_output=True, text=True, check=False)
    assert (result.returncode, result.stderr) == (0, "")
