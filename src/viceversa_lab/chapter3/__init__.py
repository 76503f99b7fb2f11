"""Experiments of chapter 3: generative adversarial networks."""
