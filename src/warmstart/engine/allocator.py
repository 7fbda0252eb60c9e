"""Memory that a step frees is kept for the next one: a page that goes back to the system has to be cleared again."""

import ctypes
import functools
import sys

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3  # malloc.h
LARGEST = 2**30  # bytes: larger blocks still come from the system one by one


@functools.cache
def keep_freed_memory() -> bool:
    """Tell glibc's malloc not to give freed memory back. Whether it could be told; other systems are left alone."""
    if not sys.platform.startswith("linux"):
        return False
    try:
        mallopt = ctypes.CDLL("libc.so.6").mallopt
    except (OSError, AttributeError):
        return False
    return bool(mallopt(M_MMAP_THRESHOLD, LARGEST)) and bool(mallopt(M_TRIM_THRESHOLD, 2**31 - 1))
