"""Runs one Python worker of a task manager; `cluster.workers` calls `python -m cluster.worker ADDRESS NAME`.

Prints a line when it is connected, and exits when the connection closes.
"""

import os
import sys

if __name__ == "__main__":
    from apache_beam.io.filesystems import FileSystems
    from apache_beam.options.pipeline_options import PipelineOptions
    from apache_beam.runners.worker.sdk_worker import SdkHarness

    FileSystems.set_options(PipelineOptions([]))  # as Beam's own start of a worker does; S3 refuses to work without
    harness = SdkHarness(sys.argv[1], worker_id=sys.argv[2])
    print("connected", flush=True)
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # the pool reads only the first line
    harness.run()
