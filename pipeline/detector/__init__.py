"""The detector of math symbols: anchors, MobileNet backbones, Faster R-CNN and SSD heads, training. Keras only."""
