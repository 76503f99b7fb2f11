"""Datasets drawn by code, with known translations and labels, for demos, tests and experiments."""
