"""How the C library treats memory that a training step has freed."""

import ctypes

TRIM_THRESHOLD, MMAP_THRESHOLD = -1, -3  # parameters of glibc's mallopt, malloc.h
MAX_MMAP_THRESHOLD = 2**25  # bytes, the largest that mallopt accepts
NEVER_TRIM = 2**31 - 1  # bytes of free memory above which it would be returned to the system


def keep_freed_memory() -> None:
    """Let glibc keep freed memory for the next step; does nothing with another C library. Results stay the same.

    Otherwise glibc returns large blocks to the system in every step and requests them again, and the system clears
    their pages each time: about 84,000 pages in a step of `cyclegan` at 128 px (docs/log.md).
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(MMAP_THRESHOLD, MAX_MMAP_THRESHOLD)
        mallopt(TRIM_THRESHOLD, NEVER_TRIM)


def release_freed_memory() -> None:
    """Return freed memory that glibc has kept to the system; does nothing with another C library."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
