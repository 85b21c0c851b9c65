"""From a trained network to a file for the device: export, gate, run, measure. The only layer that needs TensorFlow."""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # read when TensorFlow is imported: its start-up notes are not ours
