"""Worlds drawn by code, folders of pictures, and the order in which training sees them."""
