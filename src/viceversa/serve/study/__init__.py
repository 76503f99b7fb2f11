"""The web page of a perceptual study."""
