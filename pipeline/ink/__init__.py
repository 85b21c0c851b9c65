"""Ink as pictures: normalisation and the synthetic corpora. Imports neither Beam nor TensorFlow."""
