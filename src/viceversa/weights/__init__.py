"""Reading weights that other software wrote."""
