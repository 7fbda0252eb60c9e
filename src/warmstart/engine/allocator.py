"""Memory that a step frees is kept for the next one: a page that goes back to the system has to be cleared again."""

import ctypes
import functools
import sys

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3  # malloc.h
# Bytes: larger blocks come from the system one by one. Releases of glibc differ in how much they grant (the second is
# half of HEAP_MAX_SIZE, which older ones refuse to exceed), so the most is asked for first.
LARGEST = (2**30, 2**25)


@functools.cache
def keep_freed_memory() -> int:
    """Tell glibc's malloc not to give freed memory back. Returns up to which size of a block, in bytes, it agreed to do
    that; 0 where it cannot be told. Other systems are left alone."""
    if not sys.platform.startswith("linux"):
        return 0
    try:
        mallopt = ctypes.CDLL("libc.so.6").mallopt
    except (OSError, AttributeError):
        return 0
    granted = next((size for size in LARGEST if mallopt(M_MMAP_THRESHOLD, size)), 0)
    return granted if granted and mallopt(M_TRIM_THRESHOLD, 2**31 - 1) else 0
