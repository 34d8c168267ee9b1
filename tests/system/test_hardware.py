"""Recorded package versions."""

from __future__ import annotations

import platform
from importlib import metadata
from pathlib import Path

import pytest

import convscope
from convscope.system import hardware
from convscope.system.hardware import DESCRIPTION, multiplies_bfloat16, processor_field, processor_flags


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


@pytest.mark.parametrize(
    ("vendor", "flags", "is_faster"),
    [
        ("AuthenticAMD", "avx512f avx512_bf16", True),
        ("GenuineIntel", "avx512f avx512_bf16 amx_bf16", True),
        ("GenuineIntel", "avx512f avx512_bf16", False),
        ("AuthenticAMD", "avx512f", False),
    ],
)
def test_bfloat16_is_taken_where_the_processor_multiplies_it_faster_than_float32(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, vendor: str, flags: str, is_faster: bool
) -> None:
    monkeypatch.setattr(hardware, "DESCRIPTION", tmp_path / "cpuinfo")
    (tmp_path / "cpuinfo").write_text(TEXT.format(vendor=vendor, flags=flags))
    assert multiplies_bfloat16() == is_faster
    assert processor_flags() == {"fpu", "avx2", *flags.split(), "clflush"}
    assert processor_field("model name") == "A processor: the first"
    assert processor_field("power management") == processor_field("address sizes") == ""


def test_where_no_processor_describes_itself_nothing_is_taken_for_granted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hardware, "DESCRIPTION", tmp_path / "cpuinfo")
    assert not multiplies_bfloat16()
    assert processor_flags() == frozenset()


@pytest.mark.skipif(platform.machine() != "x86_64" or not DESCRIPTION.exists(), reason="no x86 under Linux")
def test_every_processor_of_64_bits_has_sse2() -> None:
    assert {"sse2", "lm"} <= processor_flags()
