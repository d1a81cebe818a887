"""Freed memory, which the C library is told to keep, so that the next step need not ask the kernel for it again."""

import ctypes
import os
import sys

M_TRIM_THRESHOLD, M_MMAP_MAX, M_ARENA_MAX = -1, -4, -8  # of mallopt(3)


def keep_freed_memory() -> bool:
    """Makes glibc's malloc keep freed memory for the next allocation; to be called before TensorFlow is imported.

    By default malloc takes every large tensor from the kernel and gives it back: a pix2pix step on the CPU then waits for 150,000 page
    faults, a quarter of its time in bfloat16. One arena and no memory maps leave 2,000, for a tenth more memory (benchmarks/README.md).

    Returns:
        Whether the C library took the settings; others than glibc have none, and settings of the user's own are left alone.
    """
    own = any(name.startswith("MALLOC_") for name in os.environ) or "malloc" in os.environ.get("GLIBC_TUNABLES", "")
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None) if sys.platform == "linux" and not own else None
    return mallopt is not None and all([mallopt(M_MMAP_MAX, 0), mallopt(M_TRIM_THRESHOLD, -1), mallopt(M_ARENA_MAX, 1)])
