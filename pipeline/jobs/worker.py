"""One local Beam worker process, started by `pipeline.jobs.workers`: Beam's own worker, without its log messages."""

import logging
import os
import sys
import threading


def _end_with_parent() -> None:
    """Exits when standard input closes, which happens when the parent process is gone."""
    while os.read(0, 1):
        pass
    os._exit(1)


if __name__ == "__main__":
    logging.disable(logging.WARNING)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    from apache_beam.runners.worker import sdk_worker_main

    sdk_worker_main.main(sys.argv)
