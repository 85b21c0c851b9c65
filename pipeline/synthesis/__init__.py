"""The embedded corpora: synthetic handwriting in the file formats of the real ones. Uses no Beam or TensorFlow."""
