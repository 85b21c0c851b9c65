"""Measures a model file: classification, boxes (COCO), strokes (CROHME). Needs no TensorFlow."""
