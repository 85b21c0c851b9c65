"""Keeps the C++ side of TensorFlow and LiteRT from talking over a stage's own output.

Their log lines go straight to the file descriptors 1 and 2 (some before any log level is read), where Python's
redirections do not catch them.
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
    """Holds back all that the block writes to standard output and error. A crash releases it, as it may say why."""
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
