"""Handwritten Chinese character recognition: plain Keras 3, on any backend; never TensorFlow or Beam by name."""
