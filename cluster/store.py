"""An S3 store on this machine (moto), in front of which `cluster.faulty_s3` can fail.

    python -m cluster.store

Holds its objects in memory. Clients take credentials and endpoint from the environment alone.
"""

from __future__ import annotations

import signal
import threading

from pipeline.command import command_parser, run_command

HOST = "127.0.0.1"
PORT, FAULTY_PORT = 18086, 18087
BUCKET = "ink2edge"
STAGING = f"s3://{BUCKET}/staging"
ENDPOINT = f"http://{HOST}:{FAULTY_PORT}"
ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "made-up",
    "AWS_SECRET_ACCESS_KEY": "made-up",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_ENDPOINT_URL": ENDPOINT,
    # boto3's own retries: at most 9 pauses of up to 20 s, and no pause for the quota of mode `adaptive`.
    "AWS_RETRY_MODE": "standard",
    "AWS_MAX_ATTEMPTS": "10",
}


def main() -> None:
    """Serves until SIGTERM."""
    command_parser("cluster.store", __doc__).parse_args()
    import boto3
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address=HOST, port=PORT, verbose=False)
    server.start()
    keys = {"aws_access_key_id": "made-up", "aws_secret_access_key": "made-up", "region_name": "us-east-1"}
    boto3.client("s3", endpoint_url=f"http://{HOST}:{PORT}", **keys).create_bucket(Bucket=BUCKET)
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    stop.wait()
    server.stop()


if __name__ == "__main__":
    run_command(main, "store")
