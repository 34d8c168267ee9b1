"""The run folder: writing it, verifying it, and changing single files of a complete run.

A run is complete when ``manifest.json`` exists: it is written last and lists every other file with its size and SHA-256.
Later changes, such as a new report or added metrics, keep the manifest true at every moment. :mod:`convscope.runs.lock`
locks a folder while it is written, and :mod:`convscope.runs.replacement` replaces an old run by a new one.
"""

import contextlib
import hashlib
import os
import stat
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import Any, TypeVar

from ..data.known.builtin import KNOWN
from ..errors import OutputError, RunError, RunExistsError, option, reason_of, spelled
from ..formatting import count_of
from ..models.keras_file import is_foreign, refusal
from ..system.files import cannot_write, check_writable, is_temporary, path_of, replacing, write_bytes, write_json
from ..system.near_paths import did_you_mean, near_path
from ..system.regular_files import kind_of
from ..types import PathLike
from . import lock, opening, replacement
from .files import CHECKPOINT, FIGURES, KNOWN_FILES, LABEL_SUSPECTS, LEDGER, MANIFEST, REPORT, REQUEST
from .opening import ALTERNATIVE, REMEDY, Contents, manifest_entries, open_file, read_json

T = TypeVar("T")
MOST_READINGS = 20
"""Times that a run is read while another process changes it, before that is an error."""
REGENERABLE = (FIGURES, REPORT)
"""What ``convscope report`` can make again from the other files."""
MAY_DIFFER = frozenset({*REGENERABLE, LABEL_SUSPECTS})
"""Files whose content may be another than the manifest says."""
NOT_IN_MANIFEST = frozenset({MANIFEST, LEDGER, CHECKPOINT})
"""The manifest itself, the ledger, which grows after the run is complete, and the checkpoint, which only a stopped run keeps."""
RUNS = Path("runs")
"""Where `convscope train` writes a run, unless told otherwise."""
WANTED = " Pass one that a training wrote, such as runs/NAME."


@contextlib.contextmanager
def writing_run(path: PathLike, *, overwrite: bool = False, resume: bool = False) -> Iterator[Path]:
    """Lock the run folder ``path`` and yield the folder to write into.

    When the block ends without an error, the manifest is written and, with ``overwrite``, the new run replaces the old
    one. With ``resume``, an unfinished run continues in its folder, and one that Ctrl-C stopped is replaced by the run that
    goes on from its checkpoint, which stays in ``path``. After an error, a folder with nothing but the request is removed.

    Raises:
        RunExistsError: The folder contains a run or something else, or another process is writing to it.
        OutputError: The folder cannot be written.
    """
    path = Path(path)
    check_free(path, overwrite or resume)
    is_ours = not path.exists()
    with lock.locked(path, new=True):
        replacement.complete(path)
        check_free(path, overwrite or resume)
        goes_on = resume and is_stopped(path)
        if resume and not goes_on and (path / MANIFEST).is_file():
            raise RunExistsError(
                f"cannot resume {str(path)!r}: the run is already complete. "
                f"Drop {option('resume')} and choose another folder with {option('out', 'DIR')}."
            )
        identity = replacement.identity_of(path)
        if not goes_on and (resume or not lock.contents(path)):
            try:
                yield path
                if not replacement.is_still(path, identity):
                    raise OutputError(f"{str(path)!r} is not the folder any more that the run was begun in.")
                write_manifest(path)
            except BaseException as error:
                if not replacement.is_still(path, identity):
                    error.add_note(
                        f"its folder was moved away meanwhile; continue the run where it is now, with {option('resume', True)}"
                    )
                elif (path / CHECKPOINT).is_file():
                    error.add_note(f"what was trained so far is in {str(path)!r}; continue it with {option('resume', True)}")
                elif is_ours and lock.contents(path) <= {REQUEST}:
                    lock.remove(path, {REQUEST})
                raise
            return
        with replacement.new_folder(path) as folder:
            if goes_on:  # the stopped run was evaluated, too
                _take_along(LEDGER, path, folder)
            yield folder
            if goes_on:  # the manifest drops it unless this training was stopped as well
                _take_along(CHECKPOINT, path, folder)
            replacement.take_over(folder, path, identity, write_manifest)


def _take_along(name: str, path: Path, folder: Path) -> None:
    if (path / name).is_file():
        with open_file(path / name) as file:
            write_bytes(folder / name, file.read())


def check_free(path: Path, overwrite: bool) -> None:
    """Raise RunExistsError if ``path`` holds something else than a run, or a run that is not to be replaced or resumed."""
    try:
        kind = os.stat(path).st_mode  # noqa: PTH116 - says why a path cannot be used
    except (FileNotFoundError, NotADirectoryError):
        return
    except (OSError, ValueError) as error:
        raise cannot_write(str(path)[:120], error) from error
    if not stat.S_ISDIR(kind):
        raise RunExistsError(
            f"{str(path)!r} is {kind_of(kind)}, not a folder. Choose another folder with {option('out', 'DIR')}."
        )
    if not lock.contents(path):
        return
    if not _is_of_a_run(replacement.run_in(path)):
        raise RunExistsError(
            f"{str(path)!r} holds files that are not a run. Choose an empty or new folder with {option('out', 'DIR')}."
        )
    if not overwrite:
        can_go_on = not is_run(path) or is_stopped(path)
        state = "an unfinished" if can_go_on else "a complete"
        instead = spelled("replace it with --overwrite", 'pass if_exists="load", "new" or "overwrite"')
        remedy = f"continue it with {option('resume', True)}" if can_go_on else instead
        raise RunExistsError(
            f"{str(path)!r} already holds {state} run. Choose another folder with {option('out', 'DIR')} "
            f"or another {option('seed')}, or {remedy}."
        )
    if name := replacement.file_of_the_users(replacement.run_in(path)):
        raise RunExistsError(
            f"{str(path / name)!r} may be yours: neither a manifest nor its content says that convscope wrote it, and the run "
            f"would replace it. Move it elsewhere, or choose another folder with {option('out', 'DIR')}."
        )


def _is_of_a_run(path: Path) -> bool:
    """Return whether convscope made the files in a folder, and not another program that has a ``run.json``, too."""
    with contextlib.suppress(RunError):
        if REQUEST in (manifest_entries(path) or {}):
            return True
    return replacement.is_marked(path / REQUEST)


def write_manifest(folder: PathLike) -> None:
    """Write ``manifest.json``, which makes the run complete."""
    folder = Path(folder)
    files = {name: _entry(folder / name) for name in _file_names(folder)}
    write_json(folder / MANIFEST, {"schema_version": 1, "files": files})
    if not is_stopped(folder):
        with contextlib.suppress(OSError):
            (folder / CHECKPOINT).unlink()  # not before: a training whose last write fails can be continued


@contextlib.contextmanager
def updating_report(folder: PathLike) -> Iterator[Path]:
    """Lock a complete run while the block writes its report and figures, or uses :func:`replacing_file` for other files."""
    folder = Path(folder)
    with lock.locked(folder) as descriptor:
        lock.clean(folder)
        _list_again(folder, regenerable=False)
        try:
            yield folder
        finally:
            lock.check_in_place(descriptor, folder)
            _list_again(folder, regenerable=True)


def refuse_unwritable(folder: Path) -> None:
    """Raise, before the work, what :func:`updating_report` would raise after it."""
    with lock.locked(folder):
        check_writable(folder / MANIFEST)


def _list_again(folder: Path, *, regenerable: bool) -> None:
    """Write the manifest again, without or with what can be made again; it gains nothing else that lies in the folder."""
    manifest = read_json(folder / MANIFEST)
    files = {name: entry for name, entry in manifest["files"].items() if name.split("/")[0] not in REGENERABLE}
    if regenerable:
        files = {name: _entry(folder / name) if ALTERNATIVE in entry else entry for name, entry in files.items()}
        files |= {name: _entry(folder / name) for name in _file_names(folder) if name.split("/")[0] in REGENERABLE}
    write_json(folder / MANIFEST, {**manifest, "files": dict(sorted(files.items()))})


@contextlib.contextmanager
def replacing_file(folder: PathLike, name: str) -> Iterator[Path]:
    """Yield a path for new content of the file ``name`` of a complete run, which replaces the old one at the end."""
    # Use it within `updating_report`, so that an interruption cannot leave a report with outdated numbers.
    folder = Path(folder)
    manifest = read_json(folder / MANIFEST)
    if name == LABEL_SUSPECTS and name not in manifest["files"]:  # with notes on the labels, from a run before this one
        replacement.keep_beside(folder / name)
    with replacing(folder / name) as temporary:
        yield temporary
        new = _entry(temporary)
        # File and manifest cannot be renamed in one step, so the manifest allows both contents until the file is renamed:
        # a process killed at any point leaves a valid run, with the old content or the new.
        if (folder / name).is_file():
            _update(folder, manifest, name, {**_entry(folder / name), ALTERNATIVE: new})
    _update(folder, manifest, name, new)


def _update(folder: Path, manifest: dict[str, Any], name: str, entry: dict[str, Any]) -> None:
    write_json(folder / MANIFEST, {**manifest, "files": {**manifest["files"], name: entry}})


def verify(path: PathLike, *, only: Collection[str] | None = None) -> Path:
    """Return the folder of a complete run after comparing its files with the manifest.

    ``only`` names the files to verify; None verifies all of them, which reads every byte. Figures and page, which can be made
    again, and the list of suspects, in which a user may note something, condemn no run.

    Raises:
        RunError: There is no complete run in ``path``, or a file is missing or damaged; the message names the first one.
    """
    path = path_of(path, "run")
    try:
        os.stat(path)  # noqa: PTH116 - says why a path cannot be used
    except (FileNotFoundError, NotADirectoryError):
        pass
    except (OSError, ValueError) as error:
        raise RunError(f"{str(path)[:120]!r} cannot be opened: {reason_of(error)}.{WANTED}") from error
    path = replacement.run_in(path)
    if path.is_file():
        if is_foreign(path):
            raise RunError(refusal(path, "a run folder", retrain=True))
        within = did_you_mean(path.parent if is_run(path.parent) else None)
        raise RunError(f"{str(path)!r} is a file, not a run folder.{within or WANTED}")
    if not path.is_dir():
        if path.exists():
            raise RunError(f"{str(path)!r} is {kind_of(path.stat().st_mode)}, not a run folder.{WANTED}")
        near = did_you_mean(near_path(path, is_run, also_in=[RUNS]))
        if str(path) in KNOWN:
            raise RunError(f"{str(path)!r} is the name of a dataset, not a run folder.{near or WANTED}")
        raise RunError(f"there is no run folder at {str(path)!r}.{near or WANTED}")
    if not (path / MANIFEST).is_file():
        unfinished = (path / REQUEST).is_file()
        inside = sorted(each for each in path.iterdir() if is_run(each)) if not unfinished else []
        if inside:
            raise RunError(
                f"{str(path)!r} holds {count_of(len(inside), 'run')} but is none. Pass one of them, such as {str(inside[0])!r}."
            )
        raise RunError(
            f"{str(path)!r} holds {'an unfinished' if unfinished else 'no'} run (no {MANIFEST}). "
            f"{'Train again with ' + option('resume', True) if unfinished else 'Pass the folder that the training named'}."
        )
    for name, contents in (manifest_entries(path) or {}).items():
        if (only is None or name in only) and name.split("/")[0] not in MAY_DIFFER:
            _verify_file(path, name, contents)
    return path


def read_whole(path: Path, read: Callable[[Path], T]) -> T:
    """Return what ``read`` makes of the folder of the complete run in ``path``; anew if another process changed it meanwhile."""

    def state() -> tuple[Path, dict[str, Contents] | None]:
        return (folder := replacement.run_in(path)), manifest_entries(folder)

    for _ in range(MOST_READINGS):
        before = state()
        try:
            found = read(before[0])
        except RunError:
            if state() == before:
                raise
        else:
            if state() == before:
                return found
    raise RunError(f"{str(path)!r} is being changed by another process. Wait for it, and try again.")


def read_if_unchanged(file: Path) -> bytes | None:
    """Return the content of a file of a run that is as the manifest says; None for another, or none at all."""
    contents = (manifest_entries(file.parent) or {}).get(file.name, [])
    with contextlib.suppress(RunError):
        content = opening.read_bytes(file)
        return content if opening.is_as_listed(content, contents) else None
    return None


def is_run(path: Path) -> bool:
    """Return whether a folder holds a complete run."""
    return (replacement.run_in(path) / MANIFEST).is_file()


def is_stopped(path: Path) -> bool:
    """Return whether a folder holds a complete run whose training Ctrl-C ended, so that it can go on."""
    path = replacement.run_in(path)
    with contextlib.suppress(RunError):
        request = read_json(path / REQUEST)
        return (path / MANIFEST).is_file() and isinstance(request, dict) and request.get("stopped_early") is True
    return False


def _verify_file(folder: Path, name: str, contents: Contents) -> None:
    with open_file(folder / name) as file:
        size = os.fstat(file.fileno()).st_size
        if size not in {written for written, _ in contents}:
            raise RunError(f"{name} is damaged: it has {size:,} bytes instead of {contents[0][0]:,}. {REMEDY}")
        if (size, hashlib.file_digest(file, "sha256").hexdigest()) not in contents:
            raise RunError(f"{name} is damaged: its SHA-256 is not the one in {MANIFEST}. {REMEDY}")


def _entry(file: Path) -> dict[str, Any]:
    with open_file(file) as opened:
        return {"bytes": os.fstat(opened.fileno()).st_size, "sha256": hashlib.file_digest(opened, "sha256").hexdigest()}


def _file_names(folder: Path) -> list[str]:
    """Return the files of a run that lie in ``folder``: no links, and nothing in folders of the user's."""
    figures = folder / FIGURES
    files = [folder / name for name in KNOWN_FILES - NOT_IN_MANIFEST]
    files += figures.iterdir() if lock.is_real_folder(figures) else []
    names = (each.relative_to(folder).as_posix() for each in files if each.is_file() and not each.is_symlink())
    return sorted(name for name in names if not is_temporary(Path(name).name))
