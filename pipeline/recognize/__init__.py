"""Pictures on disk, read by a model: `python -m pipeline.recognize IMAGE…`. Needs neither TensorFlow nor Keras."""
