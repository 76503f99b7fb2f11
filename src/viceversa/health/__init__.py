"""What a training shows of its health: signals, the symptoms they add up to, and the remedies against those."""
