"""The web server of a study: a page for people, and one for its owner behind a token."""
