"""Handwritten Chinese character recognition: plain Keras 3 on any backend, without Beam."""
