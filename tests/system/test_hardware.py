"""Recorded package versions."""

from __future__ import annotations

import platform
from importlib import metadata
from pathlib import Path

import pytest

import convscope
from convscope.system import hardware
from convscope.system.hardware import DESCRIPTION, processor_field, processor_flags


def test_a_checkout_that_was_never_installed_knows_its_version(monkeypatch: pytest.MonkeyPatch) -> None:
    def nowhere(name: str) -> str:
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "version", nowhere)
    versions = hardware.package_versions()
    assert set(versions) == {"python", "convscope"}
    assert versions["convscope"] == convscope.__version__


TEXT = """processor\t: 0
vendor_id\t: {vendor}
model name\t: A processor: the first
flags\t\t: fpu avx2 {flags} clflush
power management:

processor\t: 1
vendor_id\t: {vendor}
address sizes\t: 46 bits
"""


def test_the_first_processor_describes_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hardware, "DESCRIPTION", tmp_path / "cpuinfo")
    (tmp_path / "cpuinfo").write_text(TEXT.format(vendor="AuthenticAMD", flags="avx512f avx512_bf16"))
    assert processor_flags() == {"fpu", "avx2", "avx512f", "avx512_bf16", "clflush"}
    assert processor_field("model name") == "A processor: the first"
    assert processor_field("power management") == processor_field("address sizes") == ""


def test_where_no_processor_describes_itself_nothing_is_taken_for_granted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hardware, "DESCRIPTION", tmp_path / "cpuinfo")
    assert processor_flags() == frozenset()


@pytest.mark.skipif(platform.machine() != "x86_64" or not DESCRIPTION.exists(), reason="no x86 under Linux")
def test_every_processor_of_64_bits_has_sse2() -> None:
    assert {"sse2", "lm"} <= processor_flags()
