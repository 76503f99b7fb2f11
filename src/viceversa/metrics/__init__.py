"""Numbers that judge images: features or pixels in, one figure out."""
