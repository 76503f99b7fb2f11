"""Training algorithms: networks, players and a step each."""

from .cyclegan import CycleGAN

METHODS = {"cyclegan": CycleGAN}
