"""Decode jobs whose workers are disturbed. They are in a module because workers import them."""

import os
import signal
import time

from pipeline.jobs.decode import DecodeJob


class HeldJob(DecodeJob):
    """While the folder `gate` exists, its workers wait at their first file and write their process ids to it."""

    def make(self, number, unit):
        gate = self.scratch.output.with_name("gate")
        if gate.is_dir():
            (gate / str(os.getpid())).touch()
            while gate.is_dir():
                time.sleep(0.05)
        return super().make(number, unit)


class DeadlyJob(DecodeJob):
    """Kills its workers."""

    def make(self, number, unit):
        os.kill(os.getpid(), signal.SIGKILL)


class WrongJob(DecodeJob):
    """Fails."""

    def make(self, number, unit):
        raise ZeroDivisionError("made up")
