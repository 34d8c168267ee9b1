"""The run folder: who may write into it, what is in it, and when it counts as complete.

A run is complete when ``manifest.json`` is there: it is written last and names every other file with its size and
SHA-256. A folder that is being written is locked by the operating system (``flock``), so that two trainings cannot
share it and a killed one leaves no lock behind. ``overwrite`` builds the new run beside the old one and swaps them
when it is complete: until then the old run stays whole.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .errors import OutputError, RunError, RunExistsError
from .files import TEMPORARY, cannot_write, write_json
from .types import PathLike

MANIFEST = "manifest.json"
REQUEST = "run.json"
DERIVED = ("figures", "report.html")
"""What ``convscope report`` can make again from the rest."""

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
        *DERIVED,
    }
)
MINIMUM_FREE_BYTES = 32 * 2**20


@contextlib.contextmanager
def writing(path: PathLike, *, overwrite: bool = False) -> Iterator[Path]:
    """Claim the run folder ``path`` and yield the folder to write into.

    On leaving without an error the manifest is written and, where a run is overwritten, the new one takes its place.
    After an error nothing is left that would look like a run: a folder that holds no more than the request is removed.

    Raises :class:`RunExistsError` where the folder is taken, :class:`OutputError` where it cannot be written.
    """
    path = Path(path)
    _finish_swap(path)
    _refuse_what_is_not_ours(path, overwrite)
    replaced = overwrite and path.exists() and any(path.iterdir())
    folder = _beside(path, "new") if replaced else path
    with _claimed(folder, path):
        try:
            yield folder
            write_manifest(folder)
        except BaseException:
            _remove_if_empty_handed(folder)
            raise
    if replaced:
        _swap(folder, path)


def write_manifest(folder: PathLike) -> None:
    """Write ``manifest.json``: name, size and SHA-256 of every other file. This makes the run complete."""
    folder = Path(folder)
    files = {
        name: {"bytes": (folder / name).stat().st_size, "sha256": _sha256(folder / name)} for name in _file_names(folder)
    }
    write_json(folder / MANIFEST, {"schema_version": 1, "files": files})


@contextlib.contextmanager
def rewriting_report(folder: PathLike) -> Iterator[Path]:
    """Let the derived files of a complete run be written again; the manifest is true at every moment in between."""
    folder = Path(folder)
    manifest = read_json(folder / MANIFEST)
    kept = {name: entry for name, entry in manifest["files"].items() if name.split("/")[0] not in DERIVED}
    write_json(folder / MANIFEST, {**manifest, "files": kept})
    try:
        yield folder
    finally:
        write_manifest(folder)


def verify(path: PathLike) -> Path:
    """The folder of a complete, undamaged run, or a :class:`RunError` that names the first thing wrong with it."""
    path = Path(path)
    _finish_swap(path)
    if not path.is_dir():
        raise RunError(f"no run folder at {str(path)!r}; expected one that `convscope train` wrote, such as runs/NAME.")
    if not (path / MANIFEST).is_file():
        what = "an unfinished run" if (path / REQUEST).is_file() else "no run"
        raise RunError(
            f"{str(path)!r} holds {what} (no {MANIFEST}); a complete run folder was expected. "
            "Train again, with --overwrite to use the same folder."
        )
    for name, entry in _manifest_entries(path).items():
        _verify_file(path, name, entry)
    return path


def read_json(path: PathLike) -> Any:
    """The content of a JSON file, or a :class:`RunError` that names the file."""
    try:
        return json.loads(Path(path).read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise RunError(
            f"{str(path)!r} cannot be read ({error}); a JSON file that convscope wrote was expected. "
            "Copy the run folder again, or train again."
        ) from error


def _manifest_entries(path: Path) -> dict[str, dict[str, Any]]:
    manifest = read_json(path / MANIFEST)
    try:
        entries = {
            str(name): {"bytes": int(entry["bytes"]), "sha256": str(entry["sha256"])}
            for name, entry in manifest["files"].items()
        }
    except (KeyError, TypeError, ValueError, AttributeError) as error:
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


def _verify_file(folder: Path, name: str, entry: dict[str, Any]) -> None:
    file, remedy = folder / name, "Copy the run folder again, or train again."
    if not file.is_file():
        raise RunError(f"{name} is missing from the run folder {str(folder)!r}. {remedy}")
    if file.stat().st_size != entry["bytes"]:
        raise RunError(f"{name} has {file.stat().st_size:,} bytes; {entry['bytes']:,} were written. It is damaged. {remedy}")
    if _sha256(file) != entry["sha256"]:
        raise RunError(f"{name} is damaged: its SHA-256 is not the one in {MANIFEST}. {remedy}")


def _refuse_what_is_not_ours(path: Path, overwrite: bool) -> None:
    if path.is_file():
        raise RunExistsError(f"{str(path)!r} is a file; a folder was expected. Choose another with --out DIR.")
    if not path.is_dir() or not any(path.iterdir()):
        return
    if not (path / REQUEST).is_file():
        raise RunExistsError(
            f"{str(path)!r} exists and holds something other than a run; an empty or new folder was expected. "
            "Choose another with --out DIR."
        )
    if not overwrite:
        what = "a finished run" if (path / MANIFEST).is_file() else "an unfinished run"
        raise RunExistsError(
            f"{str(path)!r} holds {what} already; a new folder was expected. "
            "Choose another with --out DIR or another --seed, or replace it with --overwrite."
        )


@contextlib.contextmanager
def _claimed(folder: Path, asked: Path) -> Iterator[None]:
    """Create and lock ``folder``; what an earlier, killed run left in a folder of ours is cleared away."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if shutil.disk_usage(folder).free < MINIMUM_FREE_BYTES:
            raise OutputError(
                f"cannot write {str(asked)!r}: less than 32 MiB are free there. "
                "Free some space, or choose another folder with --out DIR."
            )
        lock = os.open(folder, os.O_RDONLY) if os.name != "nt" else None
    except OSError as error:
        if isinstance(error, OutputError):
            raise
        raise cannot_write(asked, error) from error
    try:
        if lock is not None and not _lock(lock):
            raise RunExistsError(
                f"{str(asked)!r} is being written by another convscope; a folder of its own was expected. "
                "Choose another with --out DIR, or wait."
            )
        if folder != asked:
            _clear(folder)
        yield
    finally:
        if lock is not None:
            os.close(lock)


def _lock(descriptor: int) -> bool:
    """Lock for this process' life (POSIX only). False where another process holds it."""
    import fcntl

    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # some network file systems cannot lock: better to train than to refuse
        return True
    return True


def _swap(new: Path, path: Path) -> None:
    """Put a complete ``new`` run in the place of ``path``, taking along files that are not convscope's."""
    for entry in path.iterdir():
        if entry.name not in KNOWN_FILES and not entry.name.startswith(TEMPORARY):
            os.rename(entry, new / entry.name)
    old = _beside(path, "old")
    shutil.rmtree(old, ignore_errors=True)
    os.rename(path, old)
    os.rename(new, path)
    shutil.rmtree(old, ignore_errors=True)


def _finish_swap(path: Path) -> None:
    """Killed between the two renames of a swap: the new run is complete, only its name is missing."""
    new, old = _beside(path, "new"), _beside(path, "old")
    if not path.exists() and old.is_dir() and (new / MANIFEST).is_file():
        os.rename(new, path)
        shutil.rmtree(old, ignore_errors=True)


def _clear(folder: Path) -> None:
    for entry in folder.iterdir():
        shutil.rmtree(entry) if entry.is_dir() else entry.unlink()


def _remove_if_empty_handed(folder: Path) -> None:
    """After a failure: a folder with nothing but the request in it is of no use to anyone."""
    with contextlib.suppress(OSError):
        if {entry.name for entry in folder.iterdir()} <= {REQUEST}:
            _clear(folder)
            folder.rmdir()


def _beside(path: Path, what: str) -> Path:
    return path.absolute().with_name(f".{path.absolute().name}.{what}")


def _file_names(folder: Path) -> list[str]:
    paths = (entry for entry in folder.rglob("*") if entry.is_file())
    names = (path.relative_to(folder).as_posix() for path in paths)
    return sorted(name for name in names if name.split("/")[0] in KNOWN_FILES - {MANIFEST} and TEMPORARY not in name)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
