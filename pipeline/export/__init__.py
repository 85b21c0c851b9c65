"""Bundles for app developers, each with a model and its documentation: `python -m pipeline.export`.

Export is a command, not a stage: DVC already tracks the inputs of a bundle, writing one takes a second, and the user
decides which variant to hand out and where to put it.
"""
