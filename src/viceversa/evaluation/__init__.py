"""Honest evaluation: each number with its protocol, its real-against-real floor, and what doing nothing scores."""
