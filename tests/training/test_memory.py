"""Freed memory is used again without page faults."""

import subprocess
import sys

import pytest

FAULTS_OF_A_SECOND_BUFFER = """
import ctypes, platform, resource
from tfgan.training.memory import keep_freed_memory

if {keep}:
    assert keep_freed_memory() == (platform.libc_ver()[0] == "glibc")
libc = ctypes.CDLL(None)
libc.malloc.restype, libc.free.argtypes = ctypes.c_void_p, [ctypes.c_void_p]
libc.memset.argtypes = [ctypes.c_void_p, ctypes.c_int, ctypes.c_size_t]
for _ in range(2):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    buffer = libc.malloc(2**26)
    libc.memset(buffer, 1, 2**26)
    libc.free(buffer)
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="glibc only")
def test_freed_memory_stays():
    def faults(keep):
        return int(subprocess.check_output([sys.executable, "-c", FAULTS_OF_A_SECOND_BUFFER.format(keep=keep)], text=True))

    assert faults(keep=True) < 100
    assert faults(keep=False) > 1000  # 2^26 bytes are 16,384 pages of 4 KiB
