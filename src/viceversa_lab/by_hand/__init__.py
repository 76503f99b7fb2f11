"""The first rungs in plain NumPy, no torch: to be read beside the formulas. Tests hold each against autograd."""
