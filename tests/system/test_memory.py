from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from convscope.errors import DatasetError
from convscope.system import memory
from convscope.system.cache_folder import cache_folder


def test_free_memory_is_what_linux_tells_or_unknown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "meminfo").write_text("MemTotal:       16000 kB\nMemFree: 1 kB\nMemAvailable:    8000 kB\n")
    monkeypatch.setattr(memory, "MEMORY_FILE", tmp_path / "meminfo")
    assert memory.free_memory() == 8_192_000
    with pytest.raises(DatasetError, match=r"it needs 9\.0 MB.* 8\.2 MB"):
        memory.check_memory(9_000_000, "it")
    for content in ("MemAvailable:\n", "MemAvailable: many kB\n", ""):
        (tmp_path / "meminfo").write_text(content)
        assert memory.free_memory() is None
    memory.check_memory(10**18, "it")


def test_room_is_in_memory_where_there_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "free_memory", lambda: 10**6)
    room = memory.allocate_images((2, 3, 4, 1), "it")
    assert (room.shape, room.dtype) == ((2, 3, 4, 1), np.uint8)
    assert not isinstance(room, np.memmap)


@pytest.mark.parametrize(("number", "text"), [(0, "0 bytes"), (999, "999 bytes"), (1000, "1.0 kB"), (2**50, "1,125.9 TB")])
def test_bytes_have_a_readable_unit(number: int, text: str) -> None:
    assert memory.in_bytes(number) == text


def test_the_cache_is_where_xdg_has_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache_folder() == tmp_path / "convscope"
    monkeypatch.setenv("HOME", str(tmp_path / "me"))
    for relative in ("relative/cache", ""):
        monkeypatch.setenv("XDG_CACHE_HOME", relative)
        assert cache_folder() == tmp_path / "me" / ".cache" / "convscope"
