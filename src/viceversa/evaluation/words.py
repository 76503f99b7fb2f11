"""The result of an evaluation in words: the same on the command line and in the report."""

from typing import Any

ROWS = {
    "translation": "translations",
    "generated": "generated",
    "made": "generated",
    "colour": "plain colour change",
    "input": "untranslated inputs",
    "real": "real against real",
}


def sentences(direction: dict[str, Any]) -> list[str]:
    """A sentence each on truth, FCN score, cycle, content and worst images; what was not measured is left out."""
    return [write(direction[part]) for part, write in SENTENCES.items() if direction.get(part)]


def _truth(t: dict[str, Any]) -> str:
    error = ""
    if "mae" in t:
        error = f" Mean error in the target's numbers {t['mae']:.4g} (the best colour change {t['colour_mae']:.4g})."
    return (
        f"Truth: PSNR {t['psnr']:.1f} dB (the input has {t['input_psnr']:.1f}, the best colour change "
        f"{t['colour_psnr']:.1f}), SSIM {t['ssim']:.3f} ({t['input_ssim']:.3f}), distance in features "
        f"{t['feature']:.1f} ({t['input_feature']:.1f}).{error}"
    )


def _fcn(f: dict[str, Any]) -> str:
    real = f", real pictures {_accuracies(f['real'])}" if f["real"] else ""
    return (
        f"FCN score (pixel accuracy / class accuracy / IoU, {f['classes']} classes, {f['pictures']} pictures, by "
        f"{f['by']}): {_accuracies(f['translation'])}; untranslated inputs {_accuracies(f['input'])}{real}."
    )


def _accuracies(row: dict[str, float]) -> str:
    return f"{row['pixel']:.2f} / {row['class_']:.2f} / {row['iou']:.2f}"


def _nuclei(n: dict[str, Any]) -> str:
    return (
        f"Nuclei: F1 {n['f1']:.3f}; {n['recall']:.1%} of {n['source']:,} in the inputs are kept, "
        f"{1 - n['precision']:.1%} of {n['result']:,} in the translations are new."
    )


def _cycle(c: dict[str, Any]) -> str:
    return f"Cycle: PSNR {c['cycle_psnr']:.1f} dB to the input."


def _content(c: dict[str, Any]) -> str:
    true = "" if c["true_edges"] is None else f" (that of the truth: {c['true_edges']:.2f})"
    return (
        f"Content: edge agreement with the input {c['edges']:.2f}{true}; {c['traceable']:.0%} of the translations can "
        "be traced back to their own input by their edges."
    )


def _worst(w: dict[str, Any]) -> str:
    return f"Worst by {w['by']}: " + ", ".join(f"{p['picture']} {p['value']:.1f}" for p in w["pictures"]) + "."


SENTENCES = {"truth": _truth, "fcn": _fcn, "nuclei": _nuclei, "cycle": _cycle, "content": _content, "worst": _worst}
