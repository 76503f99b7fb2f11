"""What evaluate found, in words: the same on the command line and in the report."""

from typing import Any

ROWS = {
    "translation": "translations",
    "generated": "generated",
    "made": "made",
    "input": "inputs as they are",
    "real": "real against real",
}


def sentences(way: dict[str, Any]) -> list[str]:
    """Truth, cycle, content and worst pictures of a direction, a sentence each; what was not measured is left out."""
    found = ((name, way.get(name)) for name in TOLD)
    return [TOLD[name](values) for name, values in found if values]


def _truth(t: dict[str, Any]) -> str:
    return (
        f"Truth: PSNR {t['psnr']:.1f} dB (the input has {t['input_psnr']:.1f}, the best colour change "
        f"{t['colour_psnr']:.1f}), SSIM {t['ssim']:.3f} ({t['input_ssim']:.3f}), distance in features "
        f"{t['feature']:.1f} ({t['input_feature']:.1f})."
    )


def _fcn(f: dict[str, Any]) -> str:
    def told(row: dict[str, float]) -> str:
        return f"{row['pixel']:.2f} / {row['class_']:.2f} / {row['iou']:.2f}"

    real = f", real pictures {told(f['real'])}" if f["real"] else ""
    return (
        f"FCN score (pixel accuracy / class accuracy / IoU, {f['classes']} classes, {f['pictures']} pictures, by "
        f"{f['by']}): {told(f['translation'])}; inputs as they are {told(f['input'])}{real}."
    )


def _cycle(c: dict[str, Any]) -> str:
    return f"There and back: PSNR {c['cycle_psnr']:.1f} dB to the input."


def _content(c: dict[str, Any]) -> str:
    true = "" if c["true_edges"] is None else f" (those of the truth {c['true_edges']:.2f})"
    return (
        f"Content: edges agree with the input's by {c['edges']:.2f}{true}; {c['traceable']:.0%} of the translations "
        "lead back to their own input."
    )


def _worst(w: dict[str, Any]) -> str:
    return f"Worst by {w['by']}: " + ", ".join(f"{p['picture']} {p['value']:.1f}" for p in w["pictures"]) + "."


TOLD = {"truth": _truth, "fcn": _fcn, "cycle": _cycle, "content": _content, "worst": _worst}
