"""Evaluation of runs and folders: every number with its protocol, its real-against-real floor and its baseline."""
