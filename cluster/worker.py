"""One Python worker of a task manager, as `cluster.workers` starts it: `python -m cluster.worker ADDRESS NAME`.

Prints a line once it is connected. Ends with the connection.
"""

import os
import sys

if __name__ == "__main__":
    from apache_beam.runners.worker.sdk_worker import SdkHarness

    harness = SdkHarness(sys.argv[1], worker_id=sys.argv[2])
    print("connected", flush=True)
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # nobody reads on
    harness.run()
