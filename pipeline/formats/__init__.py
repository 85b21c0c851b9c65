"""What a sample is on disk: `.gnt` in, TFRecord and Parquet out. Imports neither Beam nor TensorFlow."""
