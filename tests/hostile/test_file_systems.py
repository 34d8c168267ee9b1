"""File systems and streams as they are: links, mounts, folders that may not be used, full disks, closed terminals."""

import errno
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import convscope
from convscope.api import train as training
from convscope.api.run import Run
from convscope.cli.main import main
from convscope.errors import ConvscopeError
from convscope.models.predictor import Predictor
from convscope.runs import files, replacement, run_folder, store
from convscope.system.files import is_temporary, sync, write_output, write_text

from .test_power_cut import generation, write_run  # type: ignore[import-not-found]

MINE = b"mine"
LOOKALIKES = [
    ".run.old", ".run.new", ".run.old/x", ".partial-0123abcd-metrics.json", ".partial-label-audit.npz",
    f".partial-{'0' * 32}", f".partial-{'0' * 32}.npz", f".partial-{'0' * 32}/run.json", "run-new", "run/mine.txt",
    "run/figures/mine.svg", "run/figures/mine.txt", f"run/.partial-{'0' * 32}.json", f"run/.partial-{'0' * 32}/manifest.json",
    "run/new", "run/.partial-notes", "run/replaced-manifest.json",
]  # fmt: skip
"""Names of the user's that look like those of ours, today's or earlier ones'."""


def place(folder: Path, name: str) -> Path:
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(MINE)
    return file


@pytest.mark.slow
@pytest.mark.parametrize("name", LOOKALIKES)
def test_what_only_looks_like_ours_stays(name: str, tmp_path: Path) -> None:
    write_run(tmp_path / "run", 1)
    file = place(tmp_path, name)
    for verb in (
        lambda: run_folder.verify(tmp_path / "run"),
        lambda: write_run(tmp_path / "run", 2),
        lambda: report(tmp_path / "run"),
    ):
        verb()
        assert file.read_bytes() == MINE
    assert generation(tmp_path / "run") == 2


NOT_RUNS: list[dict[str, str]] = [
    {"run.json": '{"lr": 0.1}', "history.csv": "mine"}, {"run.json": "mine", "model.keras": "mine"}, {"run.json": "{}"},
    {"run.json": '{"schema_version": 1, "lr": 0.1}', "metrics.json": "{}"}, {"run.json": "[]", "manifest.json": "[]"},
    {"run.json": '{"lr": 0.1}', "manifest.json": '{"files": {"a.txt": {"bytes": 4, "sha256": "x"}}}'}, {"manifest.json": "{}"},
    {"run.json": '{"lr": 0.1}', "manifest.json": '{"files": ["run.json"]}'}, {"report.html": "mine"}, {"checkpoint.npz": "mine"},
]  # fmt: skip


@pytest.mark.parametrize("overwrite", [True, False])
@pytest.mark.parametrize("files", NOT_RUNS, ids=lambda files: " ".join(files))
def test_files_with_names_of_a_run_are_none(files: dict[str, str], overwrite: bool, tmp_path: Path) -> None:
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    with pytest.raises(ConvscopeError, match="holds files that are not a run"):
        write_run(tmp_path, 2, overwrite=overwrite)
    assert {each.name: each.read_text() for each in tmp_path.iterdir()} == files


@pytest.mark.parametrize(
    "name", ["study.html", "study.csv", "votes.npz", "study-results.json", "runs/mine.txt", "study.json"]
)
def test_files_with_names_of_a_study_are_none(name: str, tmp_path: Path) -> None:
    file = place(tmp_path, name)
    with pytest.raises(ConvscopeError):
        convscope.study("digits", models=["logistic"], epochs=1, seeds=1, out=tmp_path)
    assert [each for each in tmp_path.rglob("*") if each.is_file()] == [file]
    assert file.read_bytes() == MINE


@pytest.mark.parametrize("name", ["checkpoint.npz", "label_suspects.csv", "evidence.npz", "model.keras"])
def test_a_file_that_the_old_run_did_not_list_stays(name: str, tmp_path: Path) -> None:
    write_run(tmp_path, 1)
    place(tmp_path, name)
    write_run(tmp_path, 2)
    assert generation(tmp_path) == 2
    assert (tmp_path / name).read_bytes() == MINE


LISTED_NOWHERE = ["a run that was killed at its end", "a run that was killed", "a damaged manifest"]


@pytest.mark.slow
@pytest.mark.parametrize("resume", [False, True], ids=["overwrite", "resume"])
@pytest.mark.parametrize("state", LISTED_NOWHERE)
@pytest.mark.parametrize("name", sorted(files.KNOWN_FILES - {files.REQUEST, files.MANIFEST, files.LABEL_SUSPECTS}))
def test_a_file_of_the_users_that_no_manifest_tells_from_ours_stays(
    name: str, state: str, resume: bool, run_copy: Path
) -> None:
    for each in run_copy.iterdir() if state == LISTED_NOWHERE[1] else ():
        if each.name not in ("run.json", "ledger.jsonl"):
            shutil.rmtree(each) if each.is_dir() else each.unlink()
    (run_copy / "manifest.json").unlink(missing_ok=True)
    if state != LISTED_NOWHERE[2]:  # nothing here is the user's
        run_folder.check_free(run_copy, True)
    else:
        place(run_copy, "manifest.json")
    shutil.rmtree(run_copy / name) if (run_copy / name).is_dir() else (run_copy / name).unlink(missing_ok=True)
    if name == files.FIGURES:
        place(run_copy, "figures/loss.svg")
        (run_copy / "metrics.json").unlink(missing_ok=True)
    else:
        place(run_copy, name)
    before = {each: each.read_bytes() for each in run_copy.rglob("*") if each.is_file()}
    said = f"{name}|manifest.json" if state == LISTED_NOWHERE[2] else name
    with (
        pytest.raises(ConvscopeError, match=f"({said})' may be yours"),
        run_folder.writing_run(run_copy, overwrite=not resume, resume=resume),
    ):
        pytest.fail("the training began")
    assert {each: each.read_bytes() for each in run_copy.rglob("*") if each.is_file()} == before


@pytest.mark.parametrize("name", sorted(files.KNOWN_FILES - {files.REQUEST, files.MANIFEST, files.LEDGER, files.FIGURES}))
def test_a_file_of_the_users_that_comes_while_a_run_is_replaced_is_kept_beside(name: str, run_copy: Path) -> None:
    (run_copy / "manifest.json").unlink()
    with run_folder.writing_run(run_copy, overwrite=True) as folder:
        for each in ("run.json", "metrics.json", name):
            shutil.copy(run_copy / each if (run_copy / each).exists() else run_copy / "run.json", folder / each)
        (run_copy / name).unlink(missing_ok=True)
        place(run_copy, name)
    assert MINE in [each.read_bytes() for each in run_copy.iterdir() if each.is_file()]


@pytest.mark.parametrize(
    ("name", "kept"), [("metrics.json", "metrics-kept.json"), ("label_suspects.csv", "label_suspects.csv")]
)
def test_a_file_in_whose_place_the_new_run_writes_is_kept_beside(name: str, kept: str, tmp_path: Path) -> None:
    write_run(tmp_path, 1)
    manifest = json.loads((tmp_path / "manifest.json").read_text())
    manifest["files"].pop(name, None)
    (tmp_path / "manifest.json").write_text(json.dumps(manifest))
    place(tmp_path, name)
    write_run(tmp_path, 2)
    assert generation(tmp_path) == 2
    assert (tmp_path / kept).read_bytes() == MINE
    with run_folder.updating_report(tmp_path), run_folder.replacing_file(tmp_path, "label_suspects.csv") as temporary:
        temporary.write_text("new")
    assert MINE in [each.read_bytes() for each in tmp_path.iterdir() if each.is_file()]


def report(run: Path) -> None:
    with run_folder.updating_report(run) as folder:
        write_text(folder / "report.html", "page")


def test_a_verb_that_reads_changes_nothing(digits_run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(digits_run.folder, tmp_path / "run")
    for name in (".run.old/manifest.json", ".run.new/run.json"):
        place(tmp_path, name)
    monkeypatch.chdir(tmp_path)
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}
    for arguments in (["evaluate", "run"], ["mistakes", "run"], ["compare", "run", "run"], ["predict", "run", "no.png"]):
        main(arguments)
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")} == before


def link(folder: Path) -> Path:
    (folder / "elsewhere").mkdir()
    write_run(folder / "elsewhere" / "run", 1)
    (folder / "run").symlink_to("elsewhere/run")
    return folder / "run"


def links_in_a_row(folder: Path) -> Path:
    link(folder)
    (folder / "second").symlink_to(folder / "run")
    return folder / "second"


def below_a_link(folder: Path) -> Path:
    link(folder)
    (folder / "there").symlink_to(folder / "elsewhere", target_is_directory=True)
    return folder / "there" / "run"


def current(folder: Path) -> Path:
    write_run(folder / "run", 1)
    os.chdir(folder / "run")
    return Path()


def with_dots(folder: Path) -> Path:
    write_run(folder / "run", 1)
    (folder / "x").mkdir()
    return folder / "x" / ".." / "run"


def unfinished(folder: Path) -> Path:
    write_run(folder / "run", 1)
    (folder / "run" / "manifest.json").unlink()
    return folder / "run"


def not_utf8(folder: Path) -> Path:
    path = folder / os.fsdecode(b"run \xff\xfe")
    write_run(path, 1)
    return path


def long_name(folder: Path) -> Path:
    path = folder / ("r" * 255)
    write_run(path, 1)
    return path


FOLDERS: dict[str, Callable[[Path], Path]] = {
    each.__name__.replace("_", " "): each
    for each in (link, links_in_a_row, below_a_link, current, with_dots, unfinished, not_utf8, long_name)
}


@pytest.mark.parametrize("name", FOLDERS)
def test_a_run_is_replaced_wherever_it_lies(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # and back
    path = FOLDERS[name](tmp_path)
    links = {each for each in tmp_path.rglob("*") if each.is_symlink()}
    kept = path / "notes.txt"
    kept.write_bytes(MINE)
    write_run(path, 2)
    assert generation(path) == 2
    assert kept.read_bytes() == MINE
    assert {each for each in tmp_path.rglob("*") if each.is_symlink()} == links
    assert not list(tmp_path.rglob(".partial-*"))
    assert not (path / "figures" / "figure-1.svg").exists() or name == "unfinished"


def moved(run: Path) -> None:
    run.rename(run.parent / "moved")


def exchanged(run: Path) -> None:
    moved(run)
    place(run, "mine.txt")


def into_a_file(run: Path) -> None:
    moved(run)
    run.write_bytes(MINE)


def parent_moved(run: Path) -> None:
    run.parent.rename(run.parent.parent / "moved parent")


@pytest.mark.parametrize("happens", [moved, exchanged, into_a_file, parent_moved])
@pytest.mark.parametrize("overwrite", [True, False])
def test_a_folder_that_is_renamed_meanwhile_costs_no_run(
    happens: Callable[[Path], None], overwrite: bool, tmp_path: Path
) -> None:
    run = tmp_path / "parent" / "run"
    if overwrite:
        write_run(run, 1)
    said = ""
    try:
        with run_folder.writing_run(run, overwrite=overwrite) as folder:
            run_folder.write_json(folder / "run.json", {**dict.fromkeys(replacement.REQUEST_KEYS, ""), "generation": 2})
            write_text(folder / "metrics.json", '{"generation": 2}')
            write_text(folder / "checkpoint.npz", "")
            happens(run)
        assert generation(run) == 2
    except ConvscopeError as error:
        said = " ".join([str(error), *getattr(error, "__notes__", ())])
    if stays := re.search(r"It stays, complete, in '(.+?)'", said):
        assert generation(Path(stays[1])) == 2
    elif continued := re.search(r"trained so far is in '(.+?)'", said):
        assert (Path(continued[1]) / "checkpoint.npz").is_file()
    assert not said or stays or "resume=True" in said
    found = {json.loads(each.read_text())["generation"] for each in tmp_path.rglob("run.json")}
    assert found == ({1, 2} if overwrite else {2})
    assert [each.read_bytes() for each in tmp_path.rglob("mine.txt")] in ([], [MINE])


@pytest.mark.parametrize("number", [errno.EINVAL, errno.ENOTSUP, errno.EBADF, errno.EACCES, errno.EIO, errno.ENOSPC])
def test_a_folder_that_cannot_be_synced_is_used_and_one_that_fails_is_not(
    number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(descriptor: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", fail)
    if number in (errno.EIO, errno.ENOSPC):
        with pytest.raises(OSError, match=os.strerror(number)):
            sync(tmp_path)
    else:
        sync(tmp_path)
        write_run(tmp_path / "run", 1)
        assert generation(tmp_path / "run") == 1


OUTPUTS: list[tuple[str, ...]] = [
    ("mistakes", "run", "--csv", "{}"), ("explain", "run", "good.png", "--output", "{}"),
    ("predict", "run", "good.png", "--csv", "{}"), ("report", "run", "--output", "{}"),
]  # fmt: skip


@pytest.fixture
def here(digits_run: Run, tmp_path: Path, no_figures: None, monkeypatch: pytest.MonkeyPatch) -> Path:
    from PIL import Image

    shutil.copytree(digits_run.folder, tmp_path / "run")
    Image.fromarray(digits_run.dataset.test.images[0, ..., 0]).save(tmp_path / "good.png")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.slow
@pytest.mark.rows(12)
@pytest.mark.parametrize("arguments", OUTPUTS, ids=lambda words: words[0])
@pytest.mark.parametrize("kind", ["link", "pipe", "folder", "missing", "no folder", "long", "not UTF-8", "hidden"])
def test_an_output_is_written_where_it_is_named(
    kind: str, arguments: tuple[str, ...], here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = here / "out.html"
    if kind == "link":
        (here / "real.html").write_bytes(MINE)
        target.symlink_to("real.html")
    elif kind == "pipe":
        os.mkfifo(target)
    elif kind == "folder":
        target.mkdir()
    elif kind == "no folder":
        target = here / "good.png" / "out.html"
    elif kind == "long":
        target = here / ("x" * 300)
    elif kind == "not UTF-8":
        target = here / os.fsdecode(b"\xff.html")
    elif kind == "hidden":
        target.write_bytes(MINE)
        target.chmod(0o600)
    words = [word.format(target) for word in arguments]
    words += ["--overwrite"] if kind in ("link", "pipe", "hidden") else []
    status = main(words)
    printed = capsys.readouterr().err
    assert "internal error" not in printed, printed
    assert (status == 0) == (kind in ("link", "missing", "not UTF-8", "hidden")), printed
    if kind == "link":
        assert target.is_symlink()
        assert (here / "real.html").read_bytes() != MINE
    if kind == "hidden":
        assert target.stat().st_mode & 0o777 == 0o600
    assert not list(here.glob(".partial-*"))


def test_a_device_stays_a_device(tmp_path: Path) -> None:
    before = os.stat("/dev/null")
    write_output("/dev/null", "text")
    assert os.stat("/dev/null").st_rdev == before.st_rdev
    assert not os.path.isfile("/dev/null")


NAMED: list[tuple[str, ...]] = [
    ("evaluate", "run", "--map-classes", "{}"), ("data", "digits", "--class-names", "{}"), ("audit", "run", "--confirmed", "{}"),
    ("mistakes", "run", "--others", "{}"), ("data", "{}"), ("train", "digits", "--out", "{}"), ("evaluate", "{}"),
]  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["pipe", "device"])
@pytest.mark.parametrize("arguments", NAMED, ids=" ".join)
def test_what_is_no_file_is_named(
    kind: str, arguments: tuple[str, ...], here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    if kind == "pipe":
        os.mkfifo(here / "thing")
    else:
        (here / "thing").symlink_to("/dev/zero")
    assert main([word.format("thing") for word in arguments]) != 0
    assert f"is a {kind}, not a" in capsys.readouterr().err


WRITERS: dict[str, tuple[str, ...]] = {
    "report": ("report", "run"), "report elsewhere": ("report", "run", "--output", "out.html"),
    "explain": ("explain", "run", "good.png", "--output", "out.html"), "mistakes": ("mistakes", "run", "--csv", "out.csv"),
    "predict": ("predict", "run", "good.png", "--csv", "out.csv"), "evaluate": ("evaluate", "run", "--csv", "out.csv"),
    "compare": ("compare", "run", "other", "--output", "out.html"), "export": ("export", "run", "--out", "out.onnx"),
    "data": ("data", "digits", "--csv", "out.csv"),
    "train": ("train", "digits", "--model", "logistic", "--epochs", "1", "--no-report", "--out", "out"),
    "train over a run": ("train", "digits", "--model", "logistic", "--epochs", "1", "--no-report", "--out", "run", "--overwrite"),
    "audit": ("audit", "run", "--folds", "2"), "evaluate --thorough": ("evaluate", "run", "--thorough"),
    "study": ("study", "digits", "--models", "logistic", "--seeds", "1", "--epochs", "1", "--out", "out"),
}  # fmt: skip
LONG = {"audit", "evaluate --thorough", "study", "report"}
FULL = [(verb, step, number) for verb in WRITERS for step in ("write", "fsync", "replace") for number in (1, 2)]


@pytest.mark.slow
@pytest.mark.rows(14)
@pytest.mark.parametrize(
    ("verb", "step", "number"), [pytest.param(*each, marks=[pytest.mark.slow] * (each[0] in LONG)) for each in FULL]
)
def test_a_disk_that_gets_full_is_one_sentence_and_nothing_is_left(
    verb: str, step: str, number: int, here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    if verb == "audit":
        pytest.importorskip("cleanlab")
    if verb == "compare":
        shutil.copytree("run", "other")
    failed = 0

    def getting_full(real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any) -> Any:
            nonlocal failed
            failed += 1
            if failed < number:
                return real(*arguments)
            if step == "write":
                real(arguments[0], arguments[1][: len(arguments[1]) // 2])
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

        return call

    owner, name = (Path, "write_bytes") if step == "write" else (os, step)
    with monkeypatch.context() as patch:
        patch.setattr(owner, name, getting_full(getattr(owner, name)))
        status = main(list(WRITERS[verb]))
    assert "internal error" not in (said := capsys.readouterr().err), said
    assert status == (failed >= number), said
    assert not status or "no space left" in said.lower(), said
    assert not [each for each in here.rglob("*") if is_temporary(each.name)]
    store.load_record(run_folder.verify(here / "run"))
    if (step, number) != ("fsync", 2):  # of the folder, in which the file is whole by then
        assert status == 0 or not list(here.glob("out.*"))


@pytest.fixture
def worked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What takes long, as far as a verb has come to it: a run that is read, an image that is classified, a training."""
    found: list[str] = []

    def noted(name: str, real: Callable[..., Any]) -> Callable[..., Any]:
        return lambda *words, **named: (found.append(name), real(*words, **named))[1]

    for owner, name in ((store, "load_record"), (Predictor, "logits"), (training, "fit")):
        monkeypatch.setattr(owner, name, noted(name, getattr(owner, name)))
    return found


@pytest.mark.rows(14)
@pytest.mark.parametrize("reason", [errno.EROFS, errno.ENOSPC, errno.EACCES], ids=os.strerror)
@pytest.mark.parametrize("verb", WRITERS)
def test_what_cannot_be_written_is_said_before_the_work(
    verb: str,
    reason: int,
    here: Path,
    worked: list[str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def write(*_: object) -> None:
        raise OSError(reason, os.strerror(reason))

    if verb == "compare":
        shutil.copytree("run", "other")
    before = {each: each.stat().st_size for each in here.rglob("*")}
    monkeypatch.setattr(Path, "write_bytes", write)
    assert main(list(WRITERS[verb])) == 1
    said = capsys.readouterr().err
    assert os.strerror(reason).lower() in said.splitlines()[-1].lower()
    assert said.count("convscope: ") == 1, said
    assert worked == ["load_record"] * (verb == "evaluate --thorough")  # for the accuracy, which is printed first
    assert {each: each.stat().st_size for each in here.rglob("*")} == before


@pytest.mark.parametrize("verb", ["train", "train over a run", "study", "audit", "evaluate --thorough", "report"])
def test_on_a_full_disk_no_run_is_begun_or_changed(
    verb: str, here: Path, worked: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    before = set(here.rglob("*"))
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(2**30, 2**30, 0))  # type: ignore[attr-defined]
    assert main(list(WRITERS[verb])) == 1
    assert "less than 32 MiB free" in capsys.readouterr().err
    assert worked == ["load_record"] * (verb == "evaluate --thorough")
    assert set(here.rglob("*")) == before


STREAMS = {
    "full output": ">/dev/full", "full error": "2>/dev/full", "both full": ">/dev/full 2>&1", "no output": ">&-",
    "no error": "2>&-", "none": "<&- >&- 2>&-", "a reader that has gone": "2>&1 | true",
}  # fmt: skip


@pytest.mark.rows(4)
@pytest.mark.slow
@pytest.mark.parametrize("streams", STREAMS)
def test_a_stream_never_costs_a_training(streams: str, tmp_path: Path) -> None:
    command = f"{sys.executable} -m convscope train digits --epochs 1 --model logistic --no-report --out run"
    done = subprocess.run(["bash", "-c", f"{command} {STREAMS[streams]}"], cwd=tmp_path, check=False, timeout=120)
    assert done.returncode == (streams in ("full output", "both full", "no output", "none"))
    assert convscope.load_run(tmp_path / "run").evaluation.accuracy > 0.5
    assert sorted(os.listdir(tmp_path)) == ["run"]


@pytest.mark.slow
@pytest.mark.parametrize("streams", [">/dev/full", ">&-"])
def test_a_result_that_cannot_be_printed_is_an_error(streams: str, here: Path) -> None:
    command = f"{sys.executable} -m convscope predict run good.png {streams}"
    done = subprocess.run(["bash", "-c", command], cwd=here, check=False, timeout=120, capture_output=True, text=True)
    assert done.returncode == 1
    assert "standard output cannot be written to" in done.stderr


EMPTY = ["train digits --out", "study digits --out", "export run --out", "report run --output", "mistakes run --csv", "report",
         "compare run run --output", "explain run good.png --output", "audit run --confirmed", "data", "predict run",
         "evaluate run --map-classes", "mistakes run --others", "mistakes run --study", "report run --data-at"]  # fmt: skip


@pytest.mark.parametrize("form", ["", "="])
@pytest.mark.parametrize("words", EMPTY)
def test_an_empty_path_is_not_the_current_folder(
    words: str, form: str, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = sorted(here.rglob("*"))
    *others, last = words.split()
    assert main([*others, f"{last}="] if form and last.startswith("--") else [*others, last, ""]) == 2
    assert "an argument is empty" in capsys.readouterr().err
    assert sorted(here.rglob("*")) == before


@pytest.mark.slow
@pytest.mark.parametrize("verb", ["", "train", "report", "serve"])
def test_help_is_whole_without_docstrings(verb: str) -> None:
    words = [verb] if verb else []
    texts = [
        subprocess.run(
            [sys.executable, *flags, "-m", "convscope", *words, "--help"], capture_output=True, text=True, check=True
        )
        for flags in ([], ["-OO"])
    ]
    assert texts[0].stdout == texts[1].stdout
    assert texts[1].stderr == ""


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root may mount")
@pytest.mark.parametrize("inside", ["", "mount -o remount,bind,ro parent;"])
def test_a_mounted_run_is_replaced_inside_the_mount(inside: str, tmp_path: Path) -> None:
    train = f"{sys.executable} -m convscope train digits --epochs 1 --model logistic --no-report --out parent/run"
    script = (
        f"set -e; mkdir -p store parent/run; mount --bind parent parent; mount --bind store parent/run; {inside} {train} --quiet; "
        f"echo mine > store/notes.txt; {train} --overwrite --seed 1 --quiet; ls -A parent"
    )
    done = subprocess.run(
        ["unshare", "-m", "bash", "-c", script], cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False
    )
    if "permission denied" in done.stderr.lower() and "convscope" not in done.stderr:
        pytest.skip("no mounts here")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "run"
    assert run_folder.read_json(run_folder.verify(tmp_path / "store") / "run.json")["seed"] == 1
    assert (tmp_path / "store" / "notes.txt").read_text() == "mine\n"
    assert not list((tmp_path / "store").glob(".partial-*"))


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root may mount")
def test_a_saved_model_on_a_mount_is_exchanged_inside(tmp_path: Path) -> None:
    write = "(new / 'saved_model.pb').write_text(sys.argv[2])"
    code = (
        "import sys; from pathlib import Path; from convscope.exporters import formats, tensorflow\n"
        "path = formats.choose_output('saved_model', 'x', 'parent/net', overwrite=True)\n"
        f"with formats.replacing_folder(path, tensorflow.CONTENTS) as new: new.mkdir(); {write}; (new / 'variables').mkdir()"
    )
    export = f'{sys.executable} -c "{code}" x'
    script = (
        f"set -e; mkdir -p store parent/net; mount --bind store parent/net || exit 77; mount --bind parent parent; "
        f"mount --bind store parent/net; mount -o remount,bind,ro parent; {export} 1; {export} 2; ls -A store"
    )
    done = subprocess.run(["unshare", "-m", "bash", "-c", script], cwd=tmp_path, capture_output=True, text=True, check=False)
    if done.returncode == 77:
        pytest.skip("no mounts here")
    assert done.stdout.split() == ["saved_model.pb", "variables"], done.stderr
    assert (tmp_path / "store" / "saved_model.pb").read_text() == "2"


def test_data_whose_names_are_not_utf8_train_and_are_found_again(tmp_path: Path, digits_run: Run) -> None:
    from PIL import Image

    data, run = (tmp_path / os.fsdecode(name) for name in (b"data \xff", b"run \xfe"))
    for number, image in enumerate(digits_run.dataset.test.images[:40]):
        (data / str(number % 2)).mkdir(parents=True, exist_ok=True)
        Image.fromarray(image[..., 0]).save(data / str(number % 2) / os.fsdecode(b"\xe4 %d.png" % number))
    trained = convscope.train(data, model="logistic", epochs=1, out=run, report=False)
    assert len(convscope.evaluate(run)) == len(trained.evaluation)
    assert convscope.load_run(run).dataset.fingerprint == trained.dataset.fingerprint


@pytest.mark.rows(1)
@pytest.mark.slow
@pytest.mark.parametrize("name", ["onnx:.onnx", "keras:.keras", "saved_model:", "litert:.tflite"])
def test_a_full_disk_ends_an_export_in_one_sentence(name: str, run_copy: Path, tmp_path: Path) -> None:
    kind, _, ending = name.partition(":")
    export = f"{sys.executable} -m convscope export {run_copy} --format {kind} --out small/net{ending}"
    script = f"mkdir small; mount -t tmpfs -o size=8k none small || exit 77; {export}; echo $?; ls -A small"
    done = subprocess.run(
        ["unshare", "-m", "bash", "-c", script], cwd=tmp_path, capture_output=True, text=True, timeout=200, check=False
    )
    if done.returncode in (1, 77):
        pytest.skip("no mounts here")
    assert done.stdout.splitlines() == ["1"]
    assert "no space left on device" in done.stderr.splitlines()[-1]


@pytest.mark.slow
def test_a_home_that_cannot_be_found_is_no_obstacle(tmp_path: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if name not in ("HOME", "XDG_CACHE_HOME")}
    patch = (
        "import os, pwd, sys\ndef missing(*_): raise KeyError\npwd.getpwuid = missing\n"
        "from convscope.cli.main import main; sys.exit(main(sys.argv[1:]))"
    )
    for words, status in ((["data", "fashion"], 1), (["data", "digits"], 0)):
        done = subprocess.run(
            [sys.executable, "-c", patch, *words], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == status, done.stderr
        assert "internal" not in done.stderr
