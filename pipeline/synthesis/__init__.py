"""The embedded corpora: synthetic handwriting in the file formats of the real ones. Never Beam or TensorFlow."""
