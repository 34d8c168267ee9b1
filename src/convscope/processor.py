"""Processor features, read from ``/proc/cpuinfo``; empty outside Linux."""

from __future__ import annotations

from pathlib import Path

DESCRIPTION = Path("/proc/cpuinfo")


def processor_field(name: str) -> str:
    """Return a field of the first processor, such as ``model name``; empty if there is none."""
    try:
        text = DESCRIPTION.read_text("utf-8", errors="replace")
    except OSError:
        return ""
    first_processor = text.partition("\n\n")[0]
    fields = (line.partition(":") for line in first_processor.splitlines())
    return next((value.strip() for field, _, value in fields if field.strip() == name), "")


def processor_flags() -> frozenset[str]:
    """Return the instruction-set flags, such as ``avx512f``."""
    return frozenset(processor_field("flags").split())


def multiplies_bfloat16() -> bool:
    """Return whether the processor multiplies bfloat16 natively and faster than float32.

    That needs AMX, or AVX-512 BF16 on an AMD core: 396 against 217 · 10⁹ operations/s on two Zen 4 cores
    (``benchmarks/LOG.md``).
    """
    # Intel cores run VDPBF16PS on one of the two ports that take float32 (https://uops.info). Without AMX, which a virtual
    # machine may hide, bfloat16 is native there and still slower: 163 against 301 · 10⁹ operations/s.
    flags = processor_flags()
    return "amx_bf16" in flags or ("avx512_bf16" in flags and processor_field("vendor_id") == "AuthenticAMD")
