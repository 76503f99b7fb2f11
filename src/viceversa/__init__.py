"""viceversa: translate between two worlds of images without a single paired example."""
