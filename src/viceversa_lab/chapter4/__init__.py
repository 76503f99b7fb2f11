"""Experiments of chapter 4: CycleGAN."""
