from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from convscope.errors import DatasetError
from convscope.system import hardware, memory
from convscope.system.cache_folder import cache_folder


def test_free_memory_is_what_linux_tells_or_unknown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "meminfo").write_text("MemTotal:       16000 kB\nMemFree: 1 kB\nMemAvailable:    8000 kB\n")
    monkeypatch.setattr(memory, "MEMORY_FILE", tmp_path / "meminfo")
    monkeypatch.setattr(hardware, "OWN_GROUPS", tmp_path / "none")
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


@pytest.fixture
def groups(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine with 8 GB free, whose control groups lie in the returned folder."""
    (tmp_path / "meminfo").write_text("MemAvailable:    8000000 kB\n")
    monkeypatch.setattr(memory, "MEMORY_FILE", tmp_path / "meminfo")
    monkeypatch.setattr(hardware, "CONTROL_GROUPS", tmp_path)
    monkeypatch.setattr(hardware, "OWN_GROUPS", tmp_path / "own")
    return tmp_path


OF_MACHINE = 8_192_000_000


@pytest.mark.parametrize(
    ("own", "files", "expected"),
    [
        ("0::/\n", {"memory.max": "1000000", "memory.current": "400000"}, 600_000),
        ("0::/\n", {"memory.max": "1000", "memory.current": "900", "memory.stat": "anon 5\ninactive_file 300\n"}, 400),
        ("0::/\n", {"memory.max": "1000", "memory.current": "4000"}, 0),
        ("0::/\n", {"memory.max": "max", "memory.current": "4000"}, OF_MACHINE),
        ("0::/\n", {"memory.max": "", "memory.current": ""}, OF_MACHINE),
        ("0::/\n", {}, OF_MACHINE),
        ("", {"memory.max": "1000"}, OF_MACHINE),
        ("0::/a/b\n", {"a/memory.max": "7000", "a/memory.current": "0", "a/b/memory.max": "max"}, 7000),
        ("0::/a/b\n", {"memory.max": "5000", "a/b/memory.max": "9000", "a/b/memory.current": "1000"}, 5000),
        ("4:memory:/a\n", {"memory/a/memory.limit_in_bytes": "9000", "memory/a/memory.usage_in_bytes": "1000"}, 8000),
        ("4:memory:/gone\n", {"memory/memory.limit_in_bytes": "9000", "memory/memory.stat": "total_inactive_file 5"}, 9005),
        ("4:cpu,memory:/a\n0::/\n", {"cpu,memory/a/memory.limit_in_bytes": "77"}, 77),
        ("4:memory:/a\n", {"memory/a/memory.limit_in_bytes": "9223372036854771712"}, OF_MACHINE),
        ("4:memory:/a\n", {"memory/a/memory.limit_in_bytes": "-1"}, OF_MACHINE),
        ("4:cpu:/a\n", {"cpu/a/memory.limit_in_bytes": "1", "memory/a/memory.limit_in_bytes": "1"}, OF_MACHINE),
    ],
)
def test_the_memory_of_a_container_is_what_its_groups_leave(
    own: str, files: dict[str, str], expected: int, groups: Path
) -> None:
    (groups / "own").write_text(own)
    for name, text in files.items():
        (groups / name).parent.mkdir(parents=True, exist_ok=True)
        (groups / name).write_text(text)
    assert memory.free_memory() == expected
