"""Write the embedded handwritten digits, src/viceversa/worlds/handwritten.safetensors, from scikit-learn's copy.

    python benchmarks/handwritten.py

The data are the test set of E. Alpaydin and C. Kaynak, Optical Recognition of Handwritten Digits, UCI Machine Learning
Repository, 1998, https://doi.org/10.24432/C50P49, CC BY 4.0: 1,797 images of 8 x 8 pixels in 0..16, ten classes.
"""

from pathlib import Path

import numpy as np
from safetensors.numpy import save
from sklearn.datasets import load_digits

from viceversa import files

FILE = Path(__file__).parents[1] / "src" / "viceversa" / "worlds" / "handwritten.safetensors"
SOURCE = "E. Alpaydin, C. Kaynak: Optical Recognition of Handwritten Digits, UCI, 1998, doi 10.24432/C50P49, CC BY 4.0"


def main() -> None:
    """The same bytes each time."""
    dataset = load_digits()
    arrays = {"images": dataset.images.astype(np.uint8), "classes": dataset.target.astype(np.uint8)}
    files.write_bytes(FILE, save(arrays, metadata={"source": SOURCE}))
    print(f"{FILE}: {FILE.stat().st_size} bytes")


if __name__ == "__main__":
    main()
