"""File formats of the samples: readers of the raw archives, readers and writers of TFRecord and Parquet shards.

Imports neither Beam nor TensorFlow.
"""
