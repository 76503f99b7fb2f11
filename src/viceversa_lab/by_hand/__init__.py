"""Perceptron, MLP, convolution and optimisers in plain NumPy, beside the formulas; tests compare them with torch."""
