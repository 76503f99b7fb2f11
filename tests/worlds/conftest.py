import pytest

from viceversa.worlds import digits


@pytest.fixture(scope="session")
def glyphs_2000():
    return digits.glyphs(2_000, seed=5)
