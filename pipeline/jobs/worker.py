"""One local Beam worker process, as `pipeline.jobs.runner` starts it: Beam's own, without its running commentary."""

import logging
import sys

if __name__ == "__main__":
    logging.disable(logging.WARNING)
    from apache_beam.runners.worker import sdk_worker_main

    sdk_worker_main.main(sys.argv)
