"""What an app's developers are given of a model: `python -m pipeline.export`.

A command and no stage: DVC tracks all that a bundle is made of, making one takes a second, and which variant is handed
out, and where it goes, is its user's affair.
"""
