"""The memory that this process may have, as the machine, a container and the user's limits tell it; known without TensorFlow."""

import contextlib
import os
from pathlib import Path

UNKNOWN = 2**62  # bytes: more than any network needs, where nobody tells
LIMITS = (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"))  # of a container, by cgroups 2 and 1


def machine_memory() -> int:
    """The bytes of memory that this process can have at most: the machine's with its swap space, or what its container or user may take."""
    total = UNKNOWN
    with contextlib.suppress(AttributeError):  # nobody tells it on Windows
        total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    with contextlib.suppress(OSError):
        lines = Path("/proc/meminfo").read_text().splitlines()
        total += sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("SwapTotal:"))
    limits = [total, address_space()]
    for file in LIMITS:
        with contextlib.suppress(OSError, ValueError):  # ValueError: "max", no limit
            limits.append(int(file.read_text()))
    return min(limits)


def address_space() -> int:
    """The bytes of address space that the process may take, `ulimit -v`; `UNKNOWN` without a limit."""
    with contextlib.suppress(ImportError):  # there is none on Windows
        import resource

        limit, _ = resource.getrlimit(resource.RLIMIT_AS)
        return limit if limit != resource.RLIM_INFINITY else UNKNOWN
    return UNKNOWN
