"""Reads pictures on disk with a model: `python -m pipeline.recognize IMAGE…`. Needs neither TensorFlow nor Keras."""
