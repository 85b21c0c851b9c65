"""Turns raw ink into the networks' input pictures. The web app ports this code. Imports neither Beam nor TensorFlow."""
