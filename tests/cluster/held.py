"""Decode jobs whose workers are disturbed. They are in a module because workers import them.

Workers share only the store with a test, so an object there holds them.
"""

import os
import signal
import time

import boto3

from cluster import store
from pipeline.jobs.decode import DecodeJob
from pipeline.jobs.math_decode import MathDecodeJob

GATE, WORKERS = "held/gate", "held/workers/"  # keys in the bucket


def bucket():
    """The bucket of the store, without the proxy that may fail."""
    keys = {"aws_access_key_id": "made-up", "aws_secret_access_key": "made-up", "region_name": "us-east-1"}
    return boto3.resource("s3", endpoint_url=f"http://{store.HOST}:{store.PORT}", **keys).Bucket(store.BUCKET)


def keys(prefix: str) -> list[str]:
    """The keys of the bucket that start with a prefix."""
    return [found.key for found in bucket().objects.filter(Prefix=prefix)]


def hold() -> None:
    """Leaves this process's id in the store, and waits while the gate is there."""
    if keys(GATE):
        bucket().put_object(Key=f"{WORKERS}{os.getpid()}")
        while keys(GATE):
            time.sleep(0.2)


class HeldJob(DecodeJob):
    """Its workers wait at their first file."""

    def make(self, unit, number, piece):
        hold()
        return super().make(unit, number, piece)


class HeldMathJob(MathDecodeJob):
    """The same for formulas."""

    def make(self, unit, number, piece):
        hold()
        return super().make(unit, number, piece)


class DeadlyJob(DecodeJob):
    """Kills its workers."""

    def make(self, unit, number, piece):
        os.kill(os.getpid(), signal.SIGKILL)


class WrongJob(DecodeJob):
    """Fails."""

    def make(self, unit, number, piece):
        raise ZeroDivisionError("made up")
