"""Real datasets by name: download, check, unpack."""
