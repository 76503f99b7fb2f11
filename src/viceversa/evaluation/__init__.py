"""Evaluation: how good are translated or generated pictures, in numbers of the literature and of their own?"""
