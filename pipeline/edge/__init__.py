"""Makes and runs model files for devices: export, gate, metadata, runner. Only the export needs TensorFlow."""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # hides start-up messages; TensorFlow reads it when imported
