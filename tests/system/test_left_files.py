from __future__ import annotations

import pytest

from convscope.data.readers.nested_folders import is_left_by_system


@pytest.mark.parametrize(
    "name",
    ["@eaDir", "#recycle", "$RECYCLE.BIN", "$Recycle.Bin", "System Volume Information", "__MACOSX", "lost+found", "RECYCLER",
     "FOUND.000", "Thumbs.db", "ehthumbs_vista.db", "desktop.ini", "Icon\r", ".DS_Store", "._1.png", ".ipynb_checkpoints",
     "~$labels.xlsx"],
)  # fmt: skip
def test_what_systems_leave_is_known_in_any_case(name: str) -> None:
    assert is_left_by_system(name)


@pytest.mark.parametrize("name", ["@", "#", "$", "~", ".", "$10", "#1", "recycled", "found", "thumbs", "icon", "temporary"])
def test_characters_and_common_words_may_be_classes(name: str) -> None:
    assert not is_left_by_system(name)
