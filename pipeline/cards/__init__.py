"""What a data set says about itself: its card, Croissant, checksums, and descriptions for TensorFlow Datasets."""
