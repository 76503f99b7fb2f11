"""Experiments of chapter 2: convolutional networks."""
