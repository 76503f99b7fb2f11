"""How the C library treats memory that a training step has freed, and how much a process has used at most."""

import ctypes
import sys

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


def peak_memory() -> dict[str, int | None]:
    """Bytes that this process has held at most: "rss" in main memory, "gpu" on the GPU; none where it is not known."""
    import torch

    try:
        import resource

        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        rss = peak if sys.platform == "darwin" else 1024 * peak  # macOS counts in bytes, Linux in KiB
    except ImportError:  # Windows
        rss = None
    gpu = torch.cuda.max_memory_allocated() or None  # 0 where no GPU was used, or there is none
    return {"rss": rss, "gpu": gpu}
