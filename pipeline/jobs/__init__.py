"""Apache Beam jobs: archives to samples, samples to splits. Imports neither TensorFlow nor Keras."""

import logging

# While it is imported, Beam warns on the root logger about cloud packages that this project does not need.
_root, _null = logging.getLogger(), logging.NullHandler()
_level = _root.level
_root.addHandler(_null)
_root.setLevel(logging.ERROR)
import apache_beam  # noqa: E402, F401

_root.setLevel(_level)
_root.removeHandler(_null)
