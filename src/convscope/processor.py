"""What this machine's processor says of itself, in Linux' words; elsewhere nothing."""

from __future__ import annotations

from pathlib import Path

DESCRIPTION = Path("/proc/cpuinfo")


def processor_field(name: str) -> str:
    """That field of the first processor, such as ``model name`` or ``vendor_id``; empty where there is none."""
    try:
        text = DESCRIPTION.read_text("utf-8", errors="replace")
    except OSError:
        return ""
    fields = (line.partition(":") for line in text.partition("\n\n")[0].splitlines())
    return next((words.strip() for field, _, words in fields if field.strip() == name), "")


def processor_flags() -> frozenset[str]:
    """What it can do beyond the oldest of its kind."""
    return frozenset(processor_field("flags").split())


def multiplies_bfloat16() -> bool:
    """Whether it multiplies bfloat16 natively, and faster than float32.

    With AMX it does, and with AVX-512 BF16 on AMD's cores: 396 against 217 · 10⁹ operations/s on two of Zen 4. Intel's do that
    instruction on one of the two ports that take float32's (https://uops.info, VDPBF16PS), so that without AMX, which a virtual
    machine may hide, bfloat16 is native and still slower: 163 against 301 (``benchmarks/LOG.md``).
    """
    flags = processor_flags()
    return "amx_bf16" in flags or ("avx512_bf16" in flags and processor_field("vendor_id") == "AuthenticAMD")
