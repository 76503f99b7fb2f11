"""Reading weights that other software published."""
