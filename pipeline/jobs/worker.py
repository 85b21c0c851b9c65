"""One local Beam worker process, as `pipeline.jobs.workers` starts it: Beam's own, without its running commentary."""

import logging
import os
import sys
import threading


def _end_with_parent() -> None:
    """Its end of the pipe on standard input closes when the process that started this one is gone."""
    while os.read(0, 1):
        pass
    os._exit(1)


if __name__ == "__main__":
    logging.disable(logging.WARNING)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    from apache_beam.runners.worker import sdk_worker_main

    sdk_worker_main.main(sys.argv)
