"""Scores of images: functions of pixels or features; arrays in, numbers out."""
