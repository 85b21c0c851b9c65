"""Hides the log lines of TensorFlow's and LiteRT's C++ code from a stage's output.

These lines go directly to the file descriptors 1 and 2, some before any log level applies, so Python's redirections do
not catch them.
"""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
from collections.abc import Iterator

from pipeline.errors import InkError


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Discards all output of the block to standard output and error.

    If the block raises anything but an InkError, the output goes to standard error, because it may explain the error.
    """
    with tempfile.TemporaryFile() as held, contextlib.ExitStack() as restore:
        for stream, descriptor in ((sys.stdout, 1), (sys.stderr, 2)):
            stream.flush()
            copy = os.dup(descriptor)
            restore.callback(os.close, copy)
            restore.callback(os.dup2, copy, descriptor)
            restore.callback(stream.flush)
            os.dup2(held.fileno(), descriptor)
        try:
            yield
        except InkError:
            raise
        except BaseException:
            restore.close()
            held.seek(0)
            os.write(2, held.read())
            raise
