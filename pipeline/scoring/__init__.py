"""Measures model files: classification, boxes (COCO), strokes (CROHME). Runs without TensorFlow."""
