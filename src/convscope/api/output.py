"""Where a verb may write: never over a file of a run, what the verb reads, or without leave what exists."""

import functools
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import ParamSpec, TypeVar

from ..errors import ConvscopeError, OutputError, option
from ..runs.files import REQUEST, is_file_of_a_run, is_page
from ..runs.opening import read_json
from ..system.files import check_writable, refuse_impossible
from ..system.regular_files import open_regular
from ..types import PathLike
from .run import Run

P = ParamSpec("P")
R = TypeVar("R")


def out_was_output(verb: Callable[P, R]) -> Callable[P, R]:
    """Let ``verb`` take ``out`` as ``output``, too, which was its name up to version 0.2."""

    @functools.wraps(verb)
    def call(*args: P.args, **kwargs: P.kwargs) -> R:
        if "output" in kwargs and "out" not in kwargs:
            kwargs["out"] = kwargs.pop("output")
        return verb(*args, **kwargs)

    return call


def check_output(path: PathLike, *, overwrite: bool, instead: str = "", inputs: Iterable[object] = ()) -> Path:
    """Return ``path``, or raise OutputError if nothing may be written there.

    It may be no folder, no file of a run and, with ``overwrite`` or without, none of the ``inputs``: files, folders of images,
    patterns, other outputs, and runs, which stand for the data they were trained on; whatever else is among them is ignored.
    Errors advise to choose another file with the argument ``instead``.
    """
    instead = instead or option("out", "FILE")
    file = Path(path)
    refuse_impossible(file, f"file with {instead}")
    if os.path.isdir(file):
        raise OutputError(f"{str(file)!r} is a folder. Choose a file with {instead}.")
    if is_file_of_a_run(file):
        raise OutputError(f"{str(file)!r} is a file of a run, and is not replaced. Choose another file with {instead}.")
    if any(_is_among(file, source) for source in _sources(inputs)):
        raise OutputError(f"{str(file)!r} is read or written by this command already. Choose another file with {instead}.")
    if os.path.exists(file) and not overwrite:
        raise OutputError(
            f"{str(file)!r} already exists. Choose another file with {instead}, or replace it with {option('overwrite', True)}."
        )
    check_writable(file)
    return file


def is_own_page(path: Path) -> bool:
    """Return whether there is a page of convscope's at ``path``, which may be replaced without being asked."""
    try:
        descriptor = open_regular(path)
    except OSError:
        return False
    with os.fdopen(descriptor, "rb") as file:
        return is_page(file.read(4096))


def _sources(inputs: Iterable[object]) -> Iterator[Path]:
    for each in inputs:
        if isinstance(each, Run):
            yield Path(each.record.request["dataset"]["source"])
            if each.held_dataset is not None:
                yield Path(each.held_dataset.provenance.source)
        elif not isinstance(each, str | os.PathLike):
            continue
        elif os.path.isfile(f"{os.fspath(each)}/{REQUEST}"):
            with suppress(ConvscopeError, KeyError, TypeError):  # whoever reads the run says what is wrong with it
                yield Path(read_json(Path(each) / REQUEST)["dataset"]["source"])
        else:
            yield Path(each)


def _is_among(file: Path, source: Path) -> bool:
    """Return whether ``file`` is ``source``, or exists in that folder or pattern."""
    real, of_source = os.path.realpath(file), os.path.realpath(source)
    if real == of_source:
        return True
    if not os.path.exists(file):
        return False
    if os.path.isfile(source):
        return file.samefile(source)
    return file.match(str(source)) or (os.path.isdir(source) and Path(real).is_relative_to(of_source))
