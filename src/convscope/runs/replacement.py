"""The replacement of a run by a new one, which leaves one of the two at every moment, and everything else as it was.

The new run is written into a folder beside the old one, with a name that only convscope makes. When it is complete it moves
into the old run's folder, whose manifest then goes: from then on it is the run of that folder, and its files are copied out one
by one, the manifest last. No folder of the user's is renamed or removed, so that it may as well be a link, a mount point or the
current folder. A process that is killed meanwhile leaves the rest to the next one that writes to the folder.
"""

import contextlib
import csv
import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

from ..errors import OutputError, RunError, RunExistsError, option, reason_of
from ..system.arrays import MARK
from ..system.files import cannot_write, is_temporary, make_folder, sync, temporary_name, write_bytes
from ..system.forms import parse_json
from ..training.history import COLUMNS
from . import ledger, lock, opening
from .files import (
    CHECKPOINT,
    FIGURES,
    HISTORY,
    KNOWN_FILES,
    LABEL_SUSPECTS,
    LEDGER,
    MANIFEST,
    METRICS,
    ONNX_MODEL,
    REPORT,
    REQUEST,
    is_page,
)
from .opening import open_file

REPLACED = "replaced-manifest.json"
"""In a new run within the old one's folder: the manifest of the old run, which goes."""
OWN_FILES = KNOWN_FILES | {REPLACED}


def run_in(folder: Path) -> Path:
    """Return where the complete run of ``folder`` is: there, or within, if a process was killed while it replaced a run."""
    if os.path.isfile(folder / MANIFEST):
        return folder
    return next((new for new in _own_folders(folder) if _is_taking_over(new)), folder)


@contextlib.contextmanager
def new_folder(path: Path) -> Iterator[Path]:
    """Yield a new locked folder for the run that will replace the one in ``path``; see :func:`take_over`.

    After an error it is removed, or kept under a plain name if an epoch is finished; a note of the error says so.
    """
    home = Path(os.path.realpath(path))
    new = _make_new_folder(home)
    with lock.locked(new) as descriptor:
        try:
            yield new
        except BaseException as error:
            if new != (place := lock.place_of(descriptor, new)):
                new, home = place, place.parent / home.name
            if (new / MANIFEST).is_file():  # it is complete: see take_over
                pass
            elif (new / CHECKPOINT).is_file():
                kept = _show(new, home)
                error.add_note(
                    f"what was trained so far is in {str(kept)!r}; continue it there with {option('resume', True)}"
                )
            else:
                lock.remove(new, OWN_FILES)
            raise


def take_over(new: Path, path: Path, identity: tuple[int, int], finish: Callable[[Path], None]) -> None:
    """Put the run ``new``, which ``finish`` completes, in place of the one in ``path``, which is locked and has ``identity``.

    If that is impossible, the new run stays, and the message of the OutputError says where.
    """
    home, place = Path(os.path.realpath(path)), new
    try:
        if not home.exists():  # the old run was moved away meanwhile
            finish(new)
            os.rename(new, home)
            sync(home.parent)
            return
        if not is_still(home, identity):
            raise RunExistsError("another folder has its name now")
        place = _move_into(new, home)
        finish(place)
        _exchange(place, home)
    except BaseException as error:
        if not place.is_dir():
            raise
        if not (place / MANIFEST).is_file():
            with contextlib.suppress(Exception):
                finish(place)
        where = place if run_in(home) == place else _show(place, home)
        if not isinstance(error, OSError):
            error.add_note(f"the new run is in {str(where)!r}")
            raise
        raise OutputError(
            f"the new run cannot take the place of {str(path)!r} ({reason_of(error)}). It stays, complete, in {str(where)!r}."
        ) from error


def complete(home: Path) -> None:
    """Complete or clear away what killed processes left in the folder ``home``, which is locked, and beside it."""
    home = Path(os.path.realpath(home))
    for new in _own_folders(home):
        if not (new / MANIFEST).is_file() or _content(new / MANIFEST) == _content(home / MANIFEST):
            lock.remove(new, OWN_FILES)
        else:
            _exchange(new, home)
    for new in _own_folders(home.parent):
        with contextlib.suppress(RunError, OutputError), lock.locked(new):
            if not (new / MANIFEST).is_file():
                lock.remove(new, OWN_FILES)
    lock.clean(home)


def _exchange(new: Path, home: Path) -> None:
    """Make ``new`` the run of the folder ``home`` around it: at once for those who read it, then in the place of the old one."""
    if not _is_taking_over(new) or (home / MANIFEST).is_file():
        write_bytes(new / REPLACED, _content(home / MANIFEST))
        (home / MANIFEST).unlink(missing_ok=True)
        sync(home)
    listed, written = _listed(new / REPLACED), set(_files(new))
    for name in sorted(KNOWN_FILES & written):
        if _is_the_users(home / name, listed) and _content(home / name) != _content(new / name):  # not copied yet
            keep_beside(home / name)
    stale = {name for name in KNOWN_FILES if (home / name).is_file() and not _is_the_users(home / name, listed)}
    figures = {
        name for name in listed or () if (parts := name.split("/"))[0] == FIGURES and len(parts) == 2 and parts[1] != ".."
    }
    _copy(new, home, (stale | figures) - written)
    lock.remove(new, OWN_FILES)


def _is_the_users(file: Path, listed: Mapping[str, opening.Contents] | None) -> bool:
    """Return whether a file with a name of ours is the user's: the old manifest does not list it, or not with these notes."""
    if file.name == LABEL_SUSPECTS:
        content = _content(file)
        return not opening.is_as_listed(content, (listed or {}).get(file.name, []))
    if listed is None:
        return not is_marked(file)
    return file.name not in (LEDGER, MANIFEST, *listed) and not (file.name in (REPORT, CHECKPOINT) and is_marked(file))


def file_of_the_users(home: Path) -> str | None:
    """Return the name of a file in whose place a run would write, and which neither the manifest nor a mark says is ours.

    Beside a manifest that can be read there is none: there it is kept beside.
    """
    if _listed(home / MANIFEST) is not None:
        return None
    # No training writes a list of suspects: it stays, whosever it is.
    names = [
        name
        for name in sorted(KNOWN_FILES - {LABEL_SUSPECTS}, key=lambda name: (name == FIGURES, name))
        if os.path.lexists(home / name)
    ]
    return next((name for name in names if not is_marked(home / name)), None)


def keep_beside(file: Path) -> None:
    """Give a file of the user's another name, since the run gets one of its name."""
    names = (file.with_stem(f"{file.stem}-kept{number}") for number in ("", *range(2, 1000)))
    if os.path.lexists(file):
        os.rename(file, next(name for name in names if not os.path.lexists(name)))


def identity_of(folder: Path) -> tuple[int, int]:
    """Return what a folder keeps when it is renamed."""
    status = folder.stat()
    return status.st_dev, status.st_ino


def is_still(folder: Path, identity: tuple[int, int]) -> bool:
    """Return whether ``folder`` is the one that had this ``identity``."""
    with contextlib.suppress(OSError):
        return identity_of(folder) == identity
    return False


def _own_folders(folder: Path) -> list[Path]:
    try:
        return sorted(entry for entry in folder.iterdir() if is_temporary(entry.name) and lock.is_real_folder(entry))
    except OSError:  # it may be used, but not listed
        return []


def _is_taking_over(new: Path) -> bool:
    return (new / MANIFEST).is_file() and (new / REPLACED).is_file()


def _make_new_folder(home: Path) -> Path:
    """Make a folder beside ``home``, or within where nothing may be written beside it."""
    with contextlib.suppress(OSError):
        new = home.parent / temporary_name()
        new.mkdir()
        return new
    new = home / temporary_name()
    make_folder(new)
    return new


def _move_into(new: Path, home: Path) -> Path:
    """Return the place of ``new`` within ``home``, after moving it there."""
    if new.parent == home:
        return new
    within = home / temporary_name()
    try:
        os.rename(new, within)
        sync(home)
    except OSError:  # another file system, such as a mount
        make_folder(within)
        _copy(new, within)
        lock.remove(new, OWN_FILES)
    return within


def _copy(source: Path, target: Path, stale: Iterable[str] = ()) -> None:
    """Copy a run, complete or not, after removing what is ``stale``; the manifest comes last."""
    for name in stale:
        (target / name).unlink(missing_ok=True)
    for name in sorted(_files(source), key=MANIFEST.__eq__):
        if name.startswith(f"{FIGURES}/"):
            make_own_folder(target / FIGURES)
        with opening.open_file(source / name) as file:
            write_bytes(target / name, file.read())


def make_own_folder(folder: Path) -> None:
    """Make a folder within a run; what has its name and is none, such as a link out of the run, goes."""
    if os.path.lexists(folder) and not lock.is_real_folder(folder):
        folder.unlink()
    try:
        folder.mkdir(exist_ok=True)
    except OSError as error:
        raise cannot_write(folder, error) from error


def _content(manifest: Path) -> bytes:
    with contextlib.suppress(RunError), opening.open_file(manifest) as file:
        return file.read()
    return b"{}"


def _files(run: Path) -> list[str]:
    figures = [f"{FIGURES}/{each.name}" for each in sorted((run / FIGURES).glob("*")) if not is_temporary(each.name)]
    return [name for name in (*sorted(KNOWN_FILES), *figures) if (run / name).is_file()]


def _listed(manifest: Path) -> dict[str, opening.Contents] | None:
    """Return what the old run's manifest lists; None for an unfinished or damaged one, which listed nothing yet."""
    try:
        return opening.entries_of(json.loads(_content(manifest)))
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError):
        return None


def _show(folder: Path, home: Path) -> Path:
    """Give a hidden folder a plain name beside ``home``, or within, and return it; where that fails, the name that it has."""
    for number in range(1, 100):
        ending = "new" if number == 1 else f"new-{number}"
        for name in (home.parent / f"{home.name}-{ending}", home / ending):
            if not os.path.lexists(name):
                with contextlib.suppress(OSError):
                    os.rename(folder, name)
                    sync(name.parent)
                    return name
    return folder


REQUEST_KEYS = frozenset({"schema_version", "command", "recipe", "versions"})
"""Of a ``run.json`` that convscope wrote; other programs have a file of that name, too."""
METRICS_KEYS = frozenset({"schema_version", "train_seconds", "wall_seconds", "parameters"})


def is_marked(file: Path) -> bool:
    """Return whether convscope wrote the file, as its content says; figures are those of marked metrics beside them."""
    if file.name == FIGURES:
        return is_marked(file.with_name(METRICS))
    with contextlib.suppress(RunError, ValueError, OSError, AttributeError), open_file(file) as opened:
        if file.suffix in (".npz", ".keras"):
            opened.seek(-len(MARK), os.SEEK_END)
            return opened.read() == MARK
        content = opened.read()
        if file.name in (REQUEST, METRICS):
            return bool(parse_json(content.decode()).keys() >= (REQUEST_KEYS if file.name == REQUEST else METRICS_KEYS))
        if file.name == HISTORY:
            return next(csv.reader([content.decode().partition("\n")[0]])) == list(COLUMNS)
        if file.name == LEDGER:
            return not content or bool(ledger.read(file.parent))
        return MARK in content if file.name == ONNX_MODEL else file.name == REPORT and is_page(content)
    return False
