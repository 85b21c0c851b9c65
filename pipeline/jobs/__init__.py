"""Apache Beam jobs: archives to samples, samples to splits. Imports neither TensorFlow nor Keras."""
