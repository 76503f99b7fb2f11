"""What the C library does with memory that a step has freed."""

import ctypes

TRIM_THRESHOLD, MMAP_THRESHOLD = -1, -3  # parameters of glibc's mallopt, malloc.h
MOST_MMAP = 2**25  # bytes; the largest threshold that mallopt takes
NEVER = 2**31 - 1  # bytes of free memory from which it would be handed back


def keep_freed_memory() -> None:
    """Keep freed memory for the next step, where the C library is glibc; its bits are what they were.

    It hands large blocks back and takes them anew in every step, and the system clears every page of them again: some
    84,000 pages a step of `cyclegan` at 128 px (docs/log.md).
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(MMAP_THRESHOLD, MOST_MMAP)
        mallopt(TRIM_THRESHOLD, NEVER)


def release_freed_memory() -> None:
    """Hand what is kept of freed memory back to the system, where that can be asked for."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
