"""The run folder: who may write into it, what is in it, and when it counts as complete.

A run is complete when ``manifest.json`` is there: it is written last and names every other file with its size and
SHA-256. What changes in it afterwards, the page and the numbers that are added to it, changes so that the manifest is true at
every moment. A folder that is being written is locked by the operating system (``flock``), so that two trainings cannot
share it and a killed one leaves no lock behind. ``overwrite`` builds the new run beside the old one and swaps them
when it is complete: until then the old run stays whole.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

from . import claims
from .errors import RunError, RunExistsError
from .files import TEMPORARY, replacing, write_json
from .ledger import LEDGER
from .model_files import is_foreign, refusal
from .types import PathLike

MANIFEST = "manifest.json"
REQUEST = "run.json"
CHECKPOINT = "checkpoint.npz"
"""The state of a training under way; a complete run has none."""
DERIVED = ("figures", "report.html")
"""What ``convscope report`` can make again from the rest."""
UNLISTED = frozenset({MANIFEST, LEDGER})
"""Not in the manifest: itself, and what grows when the run is complete."""
OR = "or"
"""Beside ``bytes`` and ``sha256`` of a file that is being exchanged: those of its other content."""

LONGEST_NAME = 200
"""Characters of a file's name in a sentence."""

KNOWN_FILES = frozenset(
    {
        MANIFEST,
        REQUEST,
        "model.keras",
        "model.onnx",
        "history.csv",
        "predictions.npz",
        "metrics.json",
        "snapshots.npz",
        "examples.npz",
        "evidence.npz",
        "yardsticks.npz",
        "label_suspects.csv",
        LEDGER,
        CHECKPOINT,
        *DERIVED,
    }
)


@contextlib.contextmanager
def writing(path: PathLike, *, overwrite: bool = False, resume: bool = False) -> Iterator[Path]:
    """Claim the run folder ``path`` and yield the folder to write into.

    On leaving without an error the manifest is written and, where a run is overwritten, the new one takes its place.
    After an error nothing is left that would look like a run: a folder that holds no more than the request is removed.
    ``resume`` goes on in the folder of an unfinished run, or begins one where there is none.

    Raises :class:`RunExistsError` where the folder is taken, :class:`OutputError` where it cannot be written.
    """
    path = Path(path)
    claims.finish_swap(path, known=KNOWN_FILES)
    _refuse_what_is_not_ours(path, overwrite or resume)
    if resume and (path / MANIFEST).is_file():
        raise RunExistsError(
            f"{str(path)!r} holds a finished run; an unfinished one was expected, to go on with. "
            "Leave --resume out, with another --out DIR."
        )
    with claims.locked(path):
        if resume or not claims.contents(path):
            yield from _filled(path)
            return
        folder = claims.beside(path, "new")
        with claims.locked(folder):
            claims.clear(folder)
            yield from _filled(folder)
            claims.swap(folder, path, known=KNOWN_FILES)


def _filled(folder: Path) -> Iterator[Path]:
    claims.clear(folder, only_temporary=True)
    try:
        yield folder
        write_manifest(folder)
    except BaseException:
        claims.remove_unless_more_than(folder, {REQUEST})
        raise


def _refuse_what_is_not_ours(path: Path, overwrite: bool) -> None:
    if path.is_file():
        raise RunExistsError(f"{str(path)!r} is a file; a folder was expected. Choose another with --out DIR.")
    if not path.is_dir() or not claims.contents(path):
        return
    if not (path / REQUEST).is_file():
        raise RunExistsError(
            f"{str(path)!r} exists and holds something other than a run; an empty or new folder was expected. "
            "Choose another with --out DIR."
        )
    if not overwrite:
        what = "a finished run" if (path / MANIFEST).is_file() else "an unfinished run"
        cure = "replace it with --overwrite" if what == "a finished run" else "go on with it with --resume"
        raise RunExistsError(
            f"{str(path)!r} holds {what} already; a new folder was expected. "
            f"Choose another with --out DIR or another --seed, or {cure}."
        )


def write_manifest(folder: PathLike) -> None:
    """Write ``manifest.json``: name, size and SHA-256 of every other file. This makes the run complete."""
    folder = Path(folder)
    files = {name: _entry(folder / name) for name in _file_names(folder)}
    write_json(folder / MANIFEST, {"schema_version": 1, "files": files})


@contextlib.contextmanager
def rewriting_report(folder: PathLike) -> Iterator[Path]:
    """Let the derived files of a complete run be written again; the manifest is true at every moment in between.

    What else is to change goes through :func:`exchanging`. Raises :class:`RunExistsError` where another process is at it.
    """
    folder = Path(folder)
    with claims.locked(folder):
        manifest = read_json(folder / MANIFEST)
        kept = {name: entry for name, entry in manifest["files"].items() if name.split("/")[0] not in DERIVED}
        write_json(folder / MANIFEST, {**manifest, "files": kept})
        try:
            yield folder
        finally:
            write_manifest(folder)


@contextlib.contextmanager
def exchanging(folder: PathLike, name: str) -> Iterator[Path]:
    """Yield a path to write the new content of the file ``name`` of a complete run to; leaving the block exchanges the two.

    File and manifest cannot be renamed in one step. So the manifest first names both contents, of which either is true,
    then the file is renamed, then the manifest names the new one alone: whoever dies in between leaves a whole run, the
    old or the new. To be used within :func:`rewriting_report`, so that the page cannot be left with the old numbers.
    """
    folder = Path(folder)
    manifest = read_json(folder / MANIFEST)
    with replacing(folder / name) as temporary:
        yield temporary
        new = _entry(temporary)
        if (folder / name).is_file():
            _update(folder, manifest, name, {**_entry(folder / name), OR: new})
    _update(folder, manifest, name, new)


def _update(folder: Path, manifest: dict[str, Any], name: str, entry: dict[str, Any]) -> None:
    write_json(folder / MANIFEST, {**manifest, "files": {**manifest["files"], name: entry}})


def verify(path: PathLike, *, only: Collection[str] | None = None) -> Path:
    """The folder of a complete, undamaged run, or a :class:`RunError` that names the first thing wrong with it.

    ``only``: the files that are wanted; the others, which may be large, are then not looked at.
    """
    path = Path(path)
    claims.finish_swap(path, known=KNOWN_FILES)
    if path.is_file():
        raise RunError(_file_in_place_of_run(path))
    if not path.is_dir():
        raise RunError(f"no run folder at {str(path)!r}; expected one that `convscope train` wrote, such as runs/NAME.")
    if not (path / MANIFEST).is_file():
        unfinished = (path / REQUEST).is_file()
        raise RunError(
            f"{str(path)!r} holds {'an unfinished' if unfinished else 'no'} run (no {MANIFEST}); a complete run folder was "
            f"expected. {'Train again, with --resume' if unfinished else 'Pass the one that `convscope train` named'}."
        )
    for name, entry in _manifest_entries(path).items():
        if only is None or name in only:
            _verify_file(path, name, entry)
    return path


def _file_in_place_of_run(path: Path) -> str:
    if is_foreign(path):
        return refusal(path, "a run folder", retrain=True)
    return f"{str(path)!r} is a file; a run folder was expected, such as runs/NAME. Pass the folder that `convscope train` wrote."


def read_json(path: PathLike) -> Any:
    """The content of a JSON file, or a :class:`RunError` that names the file."""
    try:
        return json.loads(Path(path).read_text("utf-8"))
    except (OSError, ValueError, RecursionError) as error:  # the last where it is nested without end
        raise RunError(
            f"{str(path)!r} cannot be read ({error}); a JSON file that convscope wrote was expected. "
            "Copy the run folder again, or train again."
        ) from error


def _manifest_entries(path: Path) -> dict[str, list[tuple[int, str]]]:
    """By name the contents, as size and SHA-256, of which a file may have any: but for one that is being exchanged, one."""
    manifest = read_json(path / MANIFEST)
    try:
        entries = {
            str(name): [(int(each["bytes"]), str(each["sha256"])) for each in (entry, entry.get(OR)) if each]
            for name, entry in manifest["files"].items()
        }
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise RunError(
            f"{str(path / MANIFEST)!r} is not a manifest of convscope; names with bytes and sha256 were expected. "
            "Copy the run folder again, or train again."
        ) from error
    if any(Path(name).is_absolute() or ".." in Path(name).parts for name in entries):
        raise RunError(
            f"{str(path / MANIFEST)!r} names a file outside the run folder; it was not written by convscope "
            "and is not opened."
        )
    return entries


def _verify_file(folder: Path, name: str, contents: list[tuple[int, str]]) -> None:
    file, remedy = folder / name, "Copy the run folder again, or train again."
    if not os.path.isfile(file):  # noqa: PTH113 - False also for a name that no system takes, where Path.is_file fails
        said = repr(name)[1:-1]
        raise RunError(f"{said[:LONGEST_NAME]} is missing from the run folder {str(folder)!r}. {remedy}")
    size = file.stat().st_size
    if size not in {written for written, _ in contents}:
        raise RunError(f"{name} has {size:,} bytes; {contents[0][0]:,} were written. It is damaged. {remedy}")
    if (size, _sha256(file)) not in contents:
        raise RunError(f"{name} is damaged: its SHA-256 is not the one in {MANIFEST}. {remedy}")


def _entry(file: Path) -> dict[str, Any]:
    return {"bytes": file.stat().st_size, "sha256": _sha256(file)}


def _file_names(folder: Path) -> list[str]:
    paths = (entry for entry in folder.rglob("*") if entry.is_file())
    names = (path.relative_to(folder).as_posix() for path in paths)
    return sorted(name for name in names if name.split("/")[0] in KNOWN_FILES - UNLISTED and TEMPORARY not in name)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
