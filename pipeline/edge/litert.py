"""Runs TFLite models under LiteRT and times them. Needs no TensorFlow.

for probabilities in predict(data, batches): ...
latency(data, runs=200)      # one thread, batch 1: what a user waits for
"""

from __future__ import annotations

import platform
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from ai_edge_litert.interpreter import Interpreter

from pipeline.edge.quiet import quiet
from pipeline.errors import InkError

WARM_UP_RUNS = 20  # the first runs pack weights and fill caches


@dataclass(frozen=True)
class Latency:
    """Milliseconds of one run at batch 1, and under which conditions."""

    p50_ms: float
    p95_ms: float
    runs: int
    threads: int
    cpu: str


class Runner:
    """A model with one image input, at a fixed batch size.

    Args:
        data: the flatbuffer.
        batch: images to a run. A model whose graph holds on to its own batch size runs one image at a time instead.
        threads: how many LiteRT may use.

    Attributes:
        batch: the size it really runs at.

    Raises:
        InkError: if the model does not have exactly one input and one output.
    """

    def __init__(self, data: bytes, batch: int = 1, threads: int = 1):
        with quiet():
            self._interpreter = _resized(data, batch, threads) or _loaded(data, threads)
        self._input = self._interpreter.get_input_details()[0]["index"]
        self._output = self._interpreter.get_output_details()[0]["index"]
        self._shape = tuple(self._interpreter.get_input_details()[0]["shape"])  # [batch, height, width, channels]
        self.batch = int(self._shape[0])

    def __call__(self, images: np.ndarray) -> np.ndarray:
        """Output for `images`, any number of them.

        Args:
            images: [n, height, width] or [n, height, width, channels], any dtype, raw values 0..255.

        Returns:
            float32 [n, ...].

        Raises:
            InkError: if the images are not of the size that the model takes.
        """
        images = images.reshape(*images.shape, 1) if images.ndim == len(self._shape) - 1 else images
        if images.shape[1:] != self._shape[1:]:
            raise InkError(f"expected images [n, {', '.join(map(str, self._shape[1:]))}], found {list(images.shape)}")
        parts = [self._run(images[start : start + self.batch]) for start in range(0, len(images), self.batch)]
        return np.concatenate(parts) if parts else self._interpreter.get_tensor(self._output)[:0]

    def _run(self, images: np.ndarray) -> np.ndarray:
        """One run; a short last batch is filled up with zeros, whose outputs are dropped."""
        feed = np.zeros(self._shape, np.float32)
        feed[: len(images)] = images
        self._interpreter.set_tensor(self._input, feed)
        self._interpreter.invoke()
        return self._interpreter.get_tensor(self._output)[: len(images)]


def predict(data: bytes, batches: Iterable[np.ndarray], batch: int = 32, threads: int = 1) -> Iterator[np.ndarray]:
    """Outputs of the model for each array of images (see `Runner`), one array at a time."""
    runner = Runner(data, batch, threads)
    yield from map(runner, batches)


def latency(data: bytes, runs: int, threads: int = 1) -> Latency:
    """Times `runs` runs at batch 1 on made-up input, after a warm-up."""
    interpreter = _loaded(data, threads)
    for details in interpreter.get_input_details():
        shape, dtype = details["shape"], details["dtype"]
        interpreter.set_tensor(details["index"], np.random.default_rng(0).integers(0, 256, shape).astype(dtype))
    seconds = []
    with quiet():
        for _ in range(WARM_UP_RUNS + runs):
            start = time.perf_counter()
            interpreter.invoke()
            seconds.append(time.perf_counter() - start)
    p50, p95 = np.percentile(seconds[WARM_UP_RUNS:], [50, 95]) * 1000
    return Latency(float(p50), float(p95), runs, threads, cpu_name())


def cpu_name(cpuinfo: Path = Path("/proc/cpuinfo")) -> str:
    """Model name of this machine's processor; its architecture where the system does not tell."""
    if cpuinfo.exists():
        for line in cpuinfo.read_text(encoding="utf-8", errors="replace").splitlines():
            key, _, value = line.partition(":")
            if key.strip() == "model name":
                return value.strip()
    return platform.processor() or platform.machine()


def _loaded(data: bytes, threads: int) -> Interpreter:
    with quiet():
        interpreter = Interpreter(model_content=data, num_threads=threads)
        interpreter.allocate_tensors()
    return interpreter


def _resized(data: bytes, batch: int, threads: int) -> Interpreter | None:
    """The model at another batch size; None if its graph does not follow."""
    interpreter = Interpreter(model_content=data, num_threads=threads)
    details = interpreter.get_input_details()
    if len(details) != 1 or len(interpreter.get_output_details()) != 1:
        raise InkError(
            f"expected a model with one input and one output, found {len(details)} and "
            f"{len(interpreter.get_output_details())}"
        )
    try:
        interpreter.resize_tensor_input(details[0]["index"], [batch, *details[0]["shape"][1:]])
        interpreter.allocate_tensors()
    except (RuntimeError, ValueError):
        return None
    return interpreter if interpreter.get_output_details()[0]["shape"][0] == batch else None
