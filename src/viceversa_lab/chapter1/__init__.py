"""Experiments of chapter 1: the perceptron and its layers."""
