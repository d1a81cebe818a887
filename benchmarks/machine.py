"""One line that says what a benchmark ran on."""

import os
import platform
import re
from pathlib import Path

FAST_BFLOAT16 = ("amx_bf16", "avx512_bf16")


def describe(gpu: str = "") -> str:
    """CPU model, usable cores and whether it multiplies bfloat16 in hardware; `gpu` if there is one."""
    cpuinfo = Path("/proc/cpuinfo")
    text = cpuinfo.read_text() if cpuinfo.exists() else ""
    model = re.search(r"^model name\s*: (.*)$", text, re.MULTILINE)
    flags = re.search(r"^flags\s*: (.*)$", text, re.MULTILINE)
    found = [flag for flag in FAST_BFLOAT16 if flags and flag in flags[1].split()]
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    parts = [gpu, model[1] if model else platform.machine(), f"{cores} cores", " ".join(found) or "no bfloat16 instructions found"]
    return ", ".join(part for part in parts if part)
