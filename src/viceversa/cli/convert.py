"""The convert command: pickled weights from elsewhere to a file that can run nothing."""

from pathlib import Path


def convert(file: Path, out: Path, /) -> None:
    """Turn the published Inception weights (a pickled .pth) into safetensors for `evaluate`.

    The file is read by a process without rights and checked tensor by tensor; anything else than these weights is
    refused, and nothing in it is run.

    Args:
        file: Weights as published, pt_inception-2015-12-05-6726825d.pth.
        out: File to write; its name ends in .safetensors.
    """
    from .. import api as verbs

    done = verbs.convert(file, out)
    print(f"{done.path}  sha256 {done.sha256}")
    if not done.published:
        print(
            f"note: {file} (sha256 {done.source_sha256[:8]}...) is not the published file (6726825d...): "
            "its numbers compare with no paper"
        )
