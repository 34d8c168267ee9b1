"""Commands that meet on one run."""

from __future__ import annotations

import contextlib
import pickle
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import numpy as np
import pytest

import convscope
from convscope.errors import OutputError, RunError, RunExistsError
from convscope.figures import gallery, parallel
from convscope.page import write
from convscope.prediction import classifier, classify
from convscope.runs import ledger, lock, run_folder, store
from convscope.server import worker

Verb = Callable[[Path], Any]

WRITING: dict[str, Verb] = {
    "train": lambda run: convscope.train("digits", recipe="sprint", out=run, overwrite=True, report=False),
    "report": convscope.report,
    "audit": lambda run: convscope.audit(run, folds=2),
    "evaluate --thorough": convscope.examine,
}
READING: dict[str, Verb] = {
    "evaluate": convscope.evaluate,
    "mistakes": convscope.mistakes,
    "export": lambda run: convscope.export(run, out=run.parent / "model.onnx"),
    "report elsewhere": lambda run: convscope.report(run, out=run.parent / "page.html"),
    "predict": lambda run: convscope.predict(run, np.zeros((8, 8, 1), np.uint8)),
}
COMMANDS = {
    "train": ["train", "digits", "--model", "logistic", "--epochs", "1", "--no-report", "--out", "run", "--overwrite"],
    "report": ["report", "run"],
    "audit": ["audit", "run", "--folds", "2"],
    "thorough": ["evaluate", "run", "--thorough"],
    "evaluate": ["evaluate", "run"],
    "export": ["export", "run", "--out", "model.onnx", "--overwrite"],
    "study": ["study", "digits", "--models", "logistic", "--seeds", "2", "--epochs", "1", "--out", "study"],
}
PAIRS = [
    ("train", "report"), ("train", "train"), ("train", "evaluate, export"),
    ("report", "evaluate, export"), ("export", "export"), ("audit", "thorough"),
    ("study", "study, train"),
]  # fmt: skip
"""Commands that are started at once, a pair of each kind: two that write one run, one that reads beside it, and two exports.

Which of two comes first is left to chance here; the tests above decide it, for every verb."""


def content(folder: Path) -> dict[str, bytes]:
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


@pytest.mark.parametrize("verb", ["train", "report", "audit", pytest.param("evaluate --thorough", marks=pytest.mark.slow)])
def test_while_another_command_writes_a_verb_that_writes_says_so(verb: str, run_copy: Path) -> None:
    before = content(run_copy)
    with lock.locked(run_copy), pytest.raises(RunExistsError, match="is being written by another"):
        WRITING[verb](run_copy)
    after = content(run_copy)
    assert after == before
    run_folder.verify(run_copy)


@pytest.mark.parametrize("verb", READING)
def test_while_another_command_writes_a_verb_that_reads_gives_its_result(
    verb: str, run_copy: Path, no_figures: None
) -> None:
    with lock.locked(run_copy):
        assert READING[verb](run_copy) is not None


@pytest.fixture(scope="module")
def another(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("another") / "run"
    return convscope.train("digits", recipe="sprint", seed=1, out=out, report=False).folder


@pytest.fixture
def other_run(another: Path, run_copy: Path, tmp_path: Path) -> Path:
    """A run of another training, to take the place of the first."""
    return Path(shutil.copytree(another, tmp_path / "other"))


@pytest.fixture
def exchange(run_copy: Path, other_run: Path) -> Callable[[], None]:
    """Lets the other run take the place of the first."""

    def call() -> None:
        run_copy.rename(run_copy.parent / "moved")
        other_run.rename(run_copy)

    return call


@pytest.mark.slow
@pytest.mark.parametrize("verb", ["report", "audit", pytest.param("evaluate --thorough", marks=pytest.mark.thorough)])
def test_a_run_that_is_replaced_meanwhile_is_not_mixed_with_the_old_one(
    verb: str, run_copy: Path, other_run: Path, no_figures: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    new = content(other_run)
    load = store.load_record

    def and_replace(path: Path) -> Any:
        record = load(path)
        if other_run.exists():
            shutil.rmtree(run_copy)
            other_run.rename(run_copy)
        return record

    monkeypatch.setattr(store, "load_record", and_replace)
    with pytest.raises(RunError, match="was replaced since it was opened|another folder has taken the place of"):
        WRITING[verb](run_copy)
    after = content(run_folder.verify(run_copy))
    assert {name for name in new if after.get(name) != new[name]} <= {"ledger.jsonl", "manifest.json"}


def after(monkeypatch: pytest.MonkeyPatch, happens: Callable[[], Any], name: str) -> None:
    """Let something happen once, after the first call of a function of a module, such as ``store.load_record``."""
    module, _, function = name.partition(".")
    original, waiting = getattr(MODULES[module], function), [happens]

    def and_then(*words: Any, **named: Any) -> Any:
        result = original(*words, **named)
        while waiting:
            waiting.pop()()
        return result

    monkeypatch.setattr(MODULES[module], function, and_then)


MODULES = {
    "store": store,
    "ledger": ledger,
    "run_folder": run_folder,
    "write": write,
    "lock": lock,
    "classifier": classifier,
    "worker": worker,
}
MOMENTS = [
    ("report", "run_folder.verify"), ("report", "write.make_own_folder"), ("audit", "store.save_metrics"),
]  # fmt: skip
MORE = [("report", "lock.clean"), ("report", "store.load_record"), ("audit", "store.load_record"), ("audit", "ledger.read")]


@pytest.mark.slow
@pytest.mark.parametrize(("verb", "moment"), [*MOMENTS, *(pytest.param(*each, marks=pytest.mark.slow) for each in MORE)])
def test_a_run_that_is_moved_away_meanwhile_is_not_made_anew(
    verb: str, moment: str, run_copy: Path, no_figures: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    moved = run_copy.parent / "moved"
    after(monkeypatch, lambda: run_copy.rename(moved), moment)
    with contextlib.suppress(RunError, OutputError):
        WRITING[verb](run_copy)
        pytest.fail("a result of a run that is not there")
    monkeypatch.undo()
    assert not run_copy.exists()
    store.load_record(run_folder.verify(moved))
    with run_folder.updating_report(moved):
        pass


@pytest.mark.parametrize("new", [True, False])
def test_a_lock_is_of_the_folder_that_has_the_name(new: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "run").mkdir()

    def exchange() -> None:
        (tmp_path / "run").rename(tmp_path / "moved")
        (tmp_path / "run").mkdir()

    after(monkeypatch, exchange, "lock._lock")
    with pytest.raises(RunError, match="another folder has taken the place of"), lock.locked(tmp_path / "run", new=new):
        pass
    with pytest.raises(RunError, match="moved or removed"), lock.locked(tmp_path / "missing"):
        pass
    assert not (tmp_path / "missing").exists()


def test_who_does_not_get_the_lock_of_a_new_folder_leaves_it_to_who_has_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = contextlib.ExitStack()
    with held:
        make = lock.make_folder

        def make_second(folder: Path) -> None:
            monkeypatch.setattr(lock, "make_folder", make)
            held.enter_context(lock.locked(folder, new=True))

        monkeypatch.setattr(lock, "make_folder", make_second)
        with pytest.raises(RunExistsError, match="is being written by another"), lock.locked(tmp_path / "run", new=True):
            pass
        assert (tmp_path / "run").is_dir()


def test_both_processes_that_draw_a_report_read_the_same_run(run_copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gallery, "drawers", lambda record: [])  # in this process, while the other starts
    original, refused = parallel.SecondProcess.__init__, []

    def and_train(self: Any, *words: Any) -> None:
        original(self, *words)
        with pytest.raises(RunExistsError, match="is being written by another"):
            WRITING["train"](run_copy)
        refused.append("train")

    monkeypatch.setattr(parallel.SecondProcess, "__init__", and_train)
    convscope.report(run_copy)
    assert refused == ["train"]


@pytest.mark.slow
def test_an_audit_keeps_what_others_measured_meanwhile(
    run_copy: Path, no_figures: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    load = store.load_record

    def and_measure(path: Path) -> Any:
        record = load(path)
        with store.updating_run(record, run_copy) as metrics:
            store.save_metrics({**metrics, "train_seconds_of_others": 1.5}, run_copy)
        return record

    monkeypatch.setattr(store, "load_record", and_measure)
    WRITING["audit"](run_copy)
    monkeypatch.undo()
    metrics = store.load_record(run_copy).metrics
    assert metrics["train_seconds_of_others"] == 1.5
    assert metrics["label_audit"]


def started(name: str, folder: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "convscope", *COMMANDS[name]]
    return subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def assert_result_or_sentence(process: subprocess.Popen[str]) -> None:
    _, errors = process.communicate(timeout=300)
    assert process.returncode in (0, 1), errors
    assert "Traceback" not in errors
    assert "internal error" not in errors
    if process.returncode:
        assert "another convscope process" in errors or "taken the place" in errors or "was replaced" in errors, errors


@pytest.mark.rows(4)
@pytest.mark.slow
@pytest.mark.parametrize(("one", "others"), PAIRS)
def test_of_commands_at_once_each_gives_its_result_or_one_sentence(
    one: str, others: str, run_copy: Path, tmp_path: Path
) -> None:
    for process in [started(name, tmp_path) for name in (one, *others.split(", "))]:
        assert_result_or_sentence(process)
    store.load_record(run_folder.verify(run_copy))


@pytest.mark.thorough
@pytest.mark.slow
def test_a_service_answers_from_the_run_that_it_opened_whatever_is_written(run_copy: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "convscope", "serve", "run", "--port", "0"]
    service = subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    picture = (run_copy / "figures" / "first_image.png").read_bytes()
    try:
        assert service.stdout
        port = next(found[1] for line in service.stdout if (found := re.search(r"127\.0\.0\.1:(\d+)", line)))

        def answers() -> list[bytes]:
            asked = [Request(f"http://127.0.0.1:{port}{path}", data) for path, data in (("/", None), ("/predict", picture))]
            return [urlopen(each, timeout=60).read() for each in asked]

        first = answers()
        for name in ("report", "thorough", "audit", "train"):
            process = started(name, tmp_path)
            while process.poll() is None:
                assert answers() == first
                time.sleep(0.1)
            assert_result_or_sentence(process)
            assert process.returncode == 0
        shutil.rmtree(run_copy)
        assert answers() == first
    finally:
        service.terminate()
        service.communicate(timeout=30)


@pytest.mark.slow
@pytest.mark.parametrize(
    "moment", ["store.read_request", "store.read_metrics", "store.history_from_csv", "store.network_of"]
)
def test_a_run_that_is_replaced_while_it_is_read_is_read_whole(
    moment: str, run_copy: Path, other_run: Path, exchange: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = store.load_record(other_run)
    after(monkeypatch, exchange, moment)
    read = store.load_record(run_copy)
    assert read.request == whole.request
    assert read.metrics == whole.metrics
    assert read.history == whole.history
    assert read.network.weight_arrays().keys() == whole.network.weight_arrays().keys()
    for name, array in read.network.weight_arrays().items():
        assert np.array_equal(array, whole.network.weight_arrays()[name])


@pytest.mark.slow
@pytest.mark.parametrize("verb", [*(name for name in READING if name != "predict"), "explain", "compare"])
def test_of_a_run_that_is_replaced_while_a_verb_reads_it_no_two_are_mixed(
    verb: str, run_copy: Path, exchange: Callable[[], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    second = shutil.copytree(run_copy, tmp_path / "second")
    verbs: dict[str, Verb] = {
        **READING,
        "explain": lambda run: convscope.explain(run, np.eye(8), out=tmp_path / "page.html"),
        "compare": lambda run: convscope.compare([run, second]),
    }

    after(monkeypatch, exchange, "store.load_record")
    with pytest.raises(RunError, match=r"run' was replaced since it was opened\. Load it again\."):
        verbs[verb](run_copy)
    assert not (tmp_path / "page.html").exists()
    assert not (tmp_path / "model.onnx").exists()


@pytest.mark.parametrize("moment", ["run_folder.verify", "classifier.read_request", "classifier.open_predictor"])
def test_a_classifier_of_a_run_that_is_replaced_meanwhile_is_of_the_new_one(
    moment: str, run_copy: Path, other_run: Path, exchange: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    image = np.eye(8)[..., None]
    whole = convscope.predict(other_run, image)
    after(monkeypatch, exchange, moment)
    found = convscope.predict(run_copy, image)
    assert found.logits.tolist() == whole.logits.tolist()
    assert found[0].probability == whole[0].probability


@pytest.mark.parametrize("moment", ["classifier.open_predictor", "worker.open_classifier", "worker._page"])
def test_a_service_that_starts_beside_a_training_opens_no_page_of_one_run_with_the_network_of_another(
    moment: str,
    run_copy: Path,
    other_run: Path,
    exchange: Callable[[], None],
    no_figures: None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    page, logits = worker._page(other_run), convscope.predict(other_run, np.eye(8)[..., None]).logits
    with run_folder.updating_report(other_run):
        (other_run / "report.html").write_bytes(page)
    assert page != worker._page(run_copy)
    after(monkeypatch, exchange, moment)
    with pytest.raises(RunError, match="another run has taken the place"):
        worker._open(str(run_copy))
    monkeypatch.undo()
    opened = worker._open(str(run_copy))
    assert opened.page == page
    assert classify.predict(pickle.loads(opened.classifier), np.eye(8)[..., None]).logits.tolist() == logits.tolist()
