"""What fuzzing has found stays mended: each file of the corpus is read again, as are the files that fuzzing begins from."""

from __future__ import annotations

import os
import random
import shutil
from pathlib import Path

import pytest

from convscope.api.run import Run

from .mutating import minimised, mutated  # type: ignore[import-not-found]
from .readers import READERS, RUN  # type: ignore[import-not-found]
from .run import CORPUS, LARGEST  # type: ignore[import-not-found]
from .trying import try_reader  # type: ignore[import-not-found]

FILES = sorted(CORPUS.glob("*/*.bin"))


@pytest.mark.slow
@pytest.mark.parametrize("name", READERS)
def test_a_reader_makes_a_result_or_a_sentence_of_everything(name: str, digits_run: Run, tmp_path: Path) -> None:
    reader = READERS[name]
    if reader.needs_run:
        shutil.copytree(digits_run.folder, tmp_path / RUN, copy_function=os.link)
    seeds = reader.seeds(digits_run.folder)
    source = random.Random(name)
    contents = [*seeds, *(mutated(source.choice(seeds), seeds, source) for _ in range(20))]
    for content in [*contents, *(path.read_bytes() for path in FILES if path.parent.name == name)]:
        found = try_reader(reader, tmp_path, content)
        assert found is None, (found.kind, found.trace, content[:200])


def test_the_corpus_is_of_small_files_of_known_readers() -> None:
    assert {path.parent.name for path in FILES} <= set(READERS)
    assert all(path.stat().st_size <= LARGEST for path in FILES)


def test_a_find_is_made_small() -> None:
    assert minimised(b"a" * 500 + b"XY" + b"b" * 500, lambda content: b"XY" in content) == b"XY"


def test_every_reader_is_fuzzed_for_an_hour_in_ci() -> None:
    workflow = (Path(__file__).parents[2] / ".github" / "workflows" / "weekly.yml").read_text("utf-8")
    assert f"reader: [{', '.join(READERS)}]\n" in workflow
