"""Translation with a trained run: of an image, an array, a tensor, files or folders."""
