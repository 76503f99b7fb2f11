"""The groups of commands in `viceversa --help`, in their order."""

from cyclopts import Group

START = Group("Start here", sort_key=1)
LOOK = Group("Look", sort_key=2)
MEASURE = Group("Measure", sort_key=3)
LEARN = Group("Learn", sort_key=4)
SET_UP = Group("Set up", sort_key=5)
