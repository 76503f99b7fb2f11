"""Parts that stabilise adversarial training; with their weight or size 0 each is the identity or costs nothing."""
