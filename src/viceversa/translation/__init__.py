"""Using a trained run: one picture, an array, a folder."""
