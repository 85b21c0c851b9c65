"""From raw ink to the pictures that networks see; the web app ports this room. Imports neither Beam nor TensorFlow."""
