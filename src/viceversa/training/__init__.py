"""The run: its folder, its checkpoints, its log and the loop."""
