"""A run: its folder, its checkpoints, its configuration."""
