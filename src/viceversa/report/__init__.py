"""The report of a run: one HTML file that opens from disk, with nothing fetched and nothing to install."""
