"""Training algorithms: networks, players and a step each."""
