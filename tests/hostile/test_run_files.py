"""A run's files that are links, pipes, devices, folders, empty, cut short, sparse or not of the run."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import socket
import time
from collections.abc import Callable
from pathlib import Path

import pytest

import convscope
from convscope.errors import ConvscopeError
from convscope.prediction.classifier import open_classifier
from convscope.runs import files, ledger, store
from convscope.runs.ledger import LedgerEntry
from convscope.server.worker import _page

SECRET = "a line of the user's own\n"
ENTRY = LedgerEntry("2026-01-01T00:00:00+00:00", "evaluate", "measured", "digits", "abc", "test", 359)
NAMES = ["run.json", "metrics.json", "history.csv", "predictions.npz", "snapshots.npz", "examples.npz", "evidence.npz",
         "model.onnx", "model.keras", "ledger.jsonl", "label_suspects.csv", "manifest.json", "report.html", "figures"]  # fmt: skip

pytestmark = pytest.mark.usefixtures("never_hangs")


def list_again(run: Path, *names: str) -> None:
    """Let the manifest say of the files what is true of them, as whoever made the folder could."""
    manifest = json.loads((run / files.MANIFEST).read_text("utf-8"))
    for name in names or [name for name in manifest["files"] if (run / name).is_file()]:
        content = (run / name).read_bytes()
        manifest["files"][name] = {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    (run / files.MANIFEST).write_text(json.dumps(manifest))


def link_out(file: Path) -> None:
    outside = file.parent.parent / "outside"
    shutil.move(file, outside) if file.exists() else outside.write_text(SECRET)
    file.symlink_to(outside)


def link_in(file: Path) -> None:
    file.symlink_to("run.json")


def bind(file: Path) -> None:
    # Names of sockets are short.
    with contextlib.chdir(file.parent), socket.socket(socket.AF_UNIX) as one:
        one.bind(file.name)


def sparse(file: Path) -> None:
    with file.open("wb") as opened:
        opened.truncate(2**43)
    manifest = (
        json.loads((file.parent / files.MANIFEST).read_text("utf-8")) if file.name != files.MANIFEST else {"files": {}}
    )
    if file.name in manifest["files"]:
        manifest["files"][file.name]["bytes"] = 2**43
        (file.parent / files.MANIFEST).write_text(json.dumps(manifest))


KINDS: dict[str, Callable[[Path], object]] = {
    "link out": link_out,
    "link in": link_in,
    "link to itself": lambda file: file.symlink_to(file.name),
    "link to nothing": lambda file: file.symlink_to("nothing"),
    "link to /dev/zero": lambda file: file.symlink_to("/dev/zero"),
    "link to a terminal": lambda file: file.symlink_to("/dev/tty"),
    "pipe": os.mkfifo,
    "socket": bind,
    "folder": lambda file: file.mkdir(),
    "empty": lambda file: file.touch(),
    "truncated": lambda file: file.write_bytes(b'{"files": {"run.json":'),
    "sparse": sparse,
    "missing": lambda file: None,
}


def open_everything(run: Path) -> list[str]:
    """Read the run in every way that leaves no page behind; return the sentences where it is refused."""
    refused = []
    ways: list[Callable[[], object]] = [
        lambda: convscope.load_run(run).label_audit,
        lambda: store.load_record(run),
        lambda: open_classifier(run),
        lambda: ledger.read(run),
        lambda: ledger.append(run, ENTRY),
    ]
    for way in ways:
        try:
            way()
        except ConvscopeError as error:
            refused.append(str(error))

    return refused


@pytest.mark.slow
@pytest.mark.rows(45)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", NAMES)
def test_a_file_of_another_kind_is_one_sentence_and_nothing_outside_is_touched(name: str, kind: str, run_copy: Path) -> None:
    file = run_copy / name
    if kind != "link out":
        shutil.rmtree(file) if file.is_dir() else file.unlink(missing_ok=True)
    KINDS[kind](file)
    outside = run_copy.parent / "outside"
    before = outside.read_bytes() if outside.is_file() else b""
    started = time.process_time()
    refused = open_everything(run_copy)
    assert time.process_time() - started < 20
    assert not outside.is_file() or outside.read_bytes() == before
    can_be_made_again = name in (files.FIGURES, files.REPORT, files.LABEL_SUSPECTS, files.LEDGER)
    assert bool(refused) != can_be_made_again, refused
    for sentence in refused:
        assert len(sentence) < 600
        assert name in sentence or files.MANIFEST in sentence, sentence


@pytest.mark.slow
@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind not in ("folder", "missing")])
def test_a_page_and_figures_of_another_kind_are_made_again_in_their_place(
    kind: str, run_copy: Path, no_figures: None
) -> None:
    (run_copy / files.REPORT).unlink()
    KINDS[kind](run_copy / files.REPORT)
    outside = run_copy.parent / "figures of the user"
    shutil.move(run_copy / files.FIGURES, outside)
    names = sorted(os.listdir(outside))
    (run_copy / files.FIGURES).symlink_to(outside)
    before = {name: (outside / name).read_bytes() for name in names}
    page = convscope.report(run_copy)
    assert page.is_file()
    assert not page.is_symlink()
    assert not (run_copy / files.FIGURES).is_symlink()
    assert {name: (outside / name).read_bytes() for name in sorted(os.listdir(outside))} == before
    assert convscope.load_run(run_copy).folder == run_copy


@pytest.mark.slow
@pytest.mark.parametrize("change", ["moved", "edited", "unlisted", "linked", "missing"])
def test_the_service_sends_no_page_but_the_one_that_the_run_wrote(change: str, run_copy: Path, no_figures: None) -> None:
    page, whole = run_copy / files.REPORT, (run_copy / files.REPORT).read_bytes()
    assert _page(run_copy) == whole
    if change in ("moved", "linked", "missing"):
        page.rename(run_copy.parent / "page.html")
    if change == "linked":
        (run_copy.parent / "page.html").write_text(SECRET)
        page.symlink_to("../page.html")
        list_again(run_copy)
    if change in ("edited", "unlisted"):
        page.write_text(SECRET)
    if change == "unlisted":
        manifest = json.loads((run_copy / files.MANIFEST).read_text("utf-8"))
        del manifest["files"][files.REPORT]
        (run_copy / files.MANIFEST).write_text(json.dumps(manifest))
    sent = _page(run_copy)
    assert SECRET.encode() not in sent
    assert sent.startswith(b"<!DOCTYPE html>") or b"<html" in sent[:200]


@pytest.mark.slow
@pytest.mark.parametrize("name", [files.EVIDENCE, files.REFERENCE_DATA, files.LABEL_SUSPECTS, files.CHECKPOINT])
def test_a_file_that_the_manifest_does_not_list_is_not_read_and_not_listed_later(
    name: str, run_copy: Path, no_figures: None
) -> None:
    manifest = json.loads((run_copy / files.MANIFEST).read_text("utf-8"))
    manifest["files"].pop(name, None)
    (run_copy / files.MANIFEST).write_text(json.dumps(manifest))
    (run_copy / name).unlink(missing_ok=True)
    os.mkfifo(run_copy / name)
    assert open_everything(run_copy) == []
    if name != files.EVIDENCE:  # which the report collects, and so replaces
        convscope.report(run_copy)
        assert name not in json.loads((run_copy / files.MANIFEST).read_text("utf-8"))["files"]


@pytest.mark.slow
@pytest.mark.parametrize("folder", [files.REPORT, f"{files.FIGURES}/mine", "mine"])
def test_a_folder_of_the_users_in_a_run_is_neither_listed_nor_touched(folder: str, run_copy: Path, no_figures: None) -> None:
    (run_copy / files.REPORT).unlink()
    (run_copy / folder).mkdir()
    (run_copy / folder / "mine").write_text(SECRET)
    (run_copy / folder / "link").symlink_to("/dev/zero")
    with contextlib.suppress(ConvscopeError):  # a page cannot take the place of a folder
        convscope.report(run_copy)
    assert (run_copy / folder / "mine").read_text() == SECRET
    assert not [name for name in json.loads((run_copy / files.MANIFEST).read_text())["files"] if "mine" in name]
    assert convscope.load_run(run_copy).folder == run_copy


@pytest.mark.parametrize("link", ["symbolic", "hard", "to nothing", "to a folder", "pipe", "device"])
def test_the_ledger_is_never_written_through_a_link(link: str, run_copy: Path) -> None:
    file, outside = run_copy / files.LEDGER, run_copy.parent / "outside"
    file.unlink()
    outside.write_text(SECRET)
    if link == "hard":
        file.hardlink_to(outside)
    elif link == "pipe":
        os.mkfifo(file)
    else:
        file.symlink_to(
            {"symbolic": "../outside", "to nothing": "../made", "to a folder": "..", "device": "/dev/full"}[link]
        )
    before = sorted(os.listdir(run_copy.parent))
    assert not ledger.append(run_copy, ENTRY)
    assert outside.read_text() == SECRET
    assert sorted(os.listdir(run_copy.parent)) == before
    assert ledger.read(run_copy) == ()
