from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator

import numpy as np
import pytest

from convscope.data import file_groups
from convscope.data.dataset import Dataset, Provenance, Split
from convscope.data.file_groups import find_groups, group_files
from convscope.data.read_options import ReadOptions
from convscope.errors import ConfigError


def dataset_of(files: list[str], *, group_by: str | None = None, own_split: bool = False) -> Dataset:
    """A dataset of files in folders of two classes, of which every fourth is a test image."""
    labels = np.array([file.split("/")[int(own_split)] == "b" for file in files], np.int64)
    rows = np.arange(len(files))
    is_test = np.array([file.startswith("test/") for file in files]) if own_split else rows % 4 == 3
    whole = Split(np.zeros((len(files), 2, 2, 1), np.uint8), labels, tuple(files))
    provenance = Provenance("here", "made", reading=ReadOptions(group_by=group_by), holds_out=not own_split)
    return Dataset("made", whole.take(rows[~is_test]), whole.take(rows[is_test]), ("a", "b"), provenance)


def frames(form: str, groups: int = 12, each: int = 6) -> list[str]:
    generator = np.random.default_rng(0)
    return [form.format(c="ab"[generator.integers(2)], g=g, f=f) for g in range(groups) for f in range(each)]


WRITERS = ("anna", "bob", "carla", "dan", "eve", "fay", "gus", "hal")


def written(form: str) -> Iterator[str]:
    for number, name in enumerate(WRITERS):
        yield from (form.format(c="ab"[(number + f) % 2], g=name, f=f) for f in range(7))


GROUPED: dict[str, tuple[list[str], int]] = {
    "scene and frame": (frames("{c}/scene{g:02}-frame{f}.png"), 12),
    "patient and slice": (frames("{c}/patient_{g:04}_slice_{f:03}.png"), 12),
    "video and counter": (frames("{c}/video{g}_{f:06}.jpg"), 12),
    "numbers alone": (frames("{c}/{g:03}_{f}.png"), 12),
    "without a separator": (frames("{c}/s{g}f{f}.png"), 12),
    "camera, scene and frame": (frames("{c}/cam1_scene{g}_frame{f}.png"), 12),
    "patient, visit and slice": (
        [f"{'ab'[p % 2]}/p{p}_v{v}_{s}.png" for p in range(8) for v in range(2) for s in range(4)],
        8,
    ),
    "augmented copies": (frames("{c}/IMG_{g:04}_aug{f}.jpg"), 12),
    "copies in brackets": (frames("{c}/IMG_{g:04} ({f}).jpg"), 12),
    "Roboflow": (frames("{c}/cat{g}_jpg.rf.{f}0a1b2c3d4e5f.jpg"), 12),
    "names of people": (list(written("{c}/{g}_{f:02}.png")), 8),
    "names with a dash": (list(written("{c}/{g}-{f:02}.png")), 8),
    "folders in a class": (frames("{c}/scene{g}/{f:04}.png"), 12),
    "folders with names": (list(written("{c}/{g}/{f}.png")), 8),
    "numbered classes": (frames("{c}7/scene{g:02}-frame{f}.png"), 12),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", GROUPED)
def test_groups_in_file_names_are_noticed_and_the_pattern_gives_them(name: str) -> None:
    files, number = GROUPED[name]
    found = find_groups(dataset_of([file.replace("a7/", "a/").replace("b7/", "b/") for file in files]))
    assert found is not None
    assert found.is_offered
    assert found.number == number
    assert len(np.unique(group_files(files, found.pattern))) == number
    assert len(found.shared) == number
    assert isinstance(find_groups(dataset_of(files, group_by=found.pattern)), type(found))


UNGROUPED: dict[str, Callable[[int], str]] = {
    "a counter": lambda i: f"{'ab'[i % 2]}/{i:05}.png",
    "a word and a counter": lambda i: f"{'ab'[i % 2]}/img_{i:05}.png",
    "the class and a counter": lambda i: f"{'ab'[i % 2]}/{'ab'[i % 2]}_{i:05}.png",
    "a numbered class and a counter": lambda i: f"{'ab'[i % 2]}/{i % 2}_{i:05}.png",
    "a counter and the class": lambda i: f"{'ab'[i % 2]}/{i:05}_{i % 2}.png",
    "digests": lambda i: f"{'ab'[i % 2]}/{hashlib.md5(bytes([i])).hexdigest()[:8]}{i * 7919 % 1000}.png",
    "identifiers": lambda i: f"{'ab'[i % 2]}/{i * 2654435761 % 2**32:08x}-{i * 40503 % 65536:04x}.png",
    "brackets": lambda i: f"{'ab'[i % 2]}/image ({i}).png",
    "edited, anew per class": lambda i: f"{'ab'[i % 2]}/photo {i // 2} edited.png",
    "copies, anew per class": lambda i: f"{'ab'[i % 2]}/image {i // 2} copy.jpg",
    "scans, anew per class": lambda i: f"{'ab'[i % 2]}/scan_{i // 2}_v2.png",
    "ImageNet": lambda i: f"{'ab'[i % 2]}/n0144076{i % 2}_{i * 37}.JPEG",
    "one camera": lambda i: f"{'ab'[i % 2]}/cam1_{i:05}.png",
    "pairs of letters": lambda i: f"{'ab'[i % 2]}/{chr(97 + i % 2)}{chr(97 + i // 26 % 26)}{chr(97 + i % 26)}{i}.png",
}


@pytest.mark.parametrize("name", UNGROUPED)
def test_names_without_groups_are_left_alone(name: str) -> None:
    assert find_groups(dataset_of(sorted(UNGROUPED[name](index) for index in range(120)))) is None


def test_numbers_that_begin_anew_in_every_class_and_split_are_no_groups() -> None:
    files = [f"{split}/{c}/photo {n} edited.png" for split in ("train", "test") for c in "ab" for n in range(30)]
    assert find_groups(dataset_of(files, own_split=True)) is None


def test_groups_in_one_split_each_are_no_problem() -> None:
    files = [f"{'test' if g % 4 == 3 else 'train'}/{'ab'[g % 2]}/scene{g:02}-{f}.png" for g in range(12) for f in range(6)]
    assert find_groups(dataset_of(files, own_split=True)) is None
    crossing = [*files, "test/a/scene00-9.png", "test/a/scene01-9.png"]
    found = find_groups(dataset_of(crossing, own_split=True))
    assert found is not None
    assert found.shared == ("scene00", "scene01")
    assert found.as_dict() == {
        "pattern": r"scene\d+", "offered": True, "n": 12, "in_both_splits": 2, "shared": ["scene00", "scene01"],
    }  # fmt: skip


def test_capturing_groups_are_the_part_that_files_share() -> None:
    files = ["a/x1_s3_7.png", "b/x2_s3_7.png", "a/x1_s4_7.png", "other.png", "third.png"]
    assert len(np.unique(group_files(files, r"_s\d"))) == 4
    assert len(np.unique(group_files(files, r"x(\d)_s(\d)"))) == 5
    assert len(np.unique(group_files(files, r"x(\d)|(other)"))) == 4
    with pytest.raises(ConfigError, match=r"'scene' of group_by is found in none of 5 files, such as 'a/x1_s3_7.png'"):
        group_files(files, "scene")


@pytest.mark.parametrize("pattern", ["scene(", "", "*", "(?P<a", 3])
def test_what_is_no_regular_expression_is_refused_at_once(pattern: object) -> None:
    with pytest.raises(ConfigError, match=rf"group_by must be a regular expression.*got {re.escape(repr(pattern))}"):
        ReadOptions(group_by=pattern)  # type: ignore[arg-type]
    options = ReadOptions(group_by=r"scene\d+")
    assert ReadOptions.from_dict(options.as_dict()) == options
    assert options.as_arguments() == ["--group-by", r"scene\d+"]


HUNG = ["(a+)+$", "(a|a)*$", "(a|aa)+$", r"(\w*)*$", "(.*a){20}$"]
"""Patterns for which a search in thirty letters takes hours."""


@pytest.mark.slow
@pytest.mark.parametrize("pattern", HUNG)
def test_a_pattern_that_takes_for_ever_is_one_sentence(pattern: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file_groups, "SECONDS", 0.2)
    files = [f"a/{'a' * 30}{number}!.png" for number in range(8)]
    with pytest.raises(ConfigError, match=re.escape(repr(pattern)) + ".* takes more than 0.2 s"):
        group_files(files, pattern)
    with pytest.raises(ConfigError, match="takes more than 0.2 s"):
        find_groups(dataset_of(files, group_by=pattern))


def test_names_that_are_no_text_are_grouped() -> None:
    assert group_files(["a/\udcff1-x.png", "a/\udcff1-y.png", "a/\udcff2-x.png"], "(.*)-").tolist() == [0, 0, 1]
