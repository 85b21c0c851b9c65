"""Runs TFLite models with LiteRT and measures their latency. Runs without TensorFlow.

for probabilities in predict(data, batches): ...
Runner(data).outputs(images)["boxes"]        # a model with several named outputs
latency(data, runs=200)                      # one thread, batch 1: the delay that a user sees
"""

from __future__ import annotations

import contextlib
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
    """Milliseconds per run at batch 1, and the conditions of the measurement."""

    p50_ms: float
    p95_ms: float
    runs: int
    threads: int
    cpu: str


class Runner:
    """A model with one image input and any number of named outputs, at a fixed batch size.

    Args:
        data: the flatbuffer.
        batch: images per run. A model that cannot be resized keeps the batch size of its file.
        threads: number of threads for LiteRT.

    Attributes:
        batch: the actual number of images per run.

    Raises:
        InkError: the number of inputs is not one, or LiteRT cannot run the model.
    """

    def __init__(self, data: bytes, batch: int = 1, threads: int = 1):
        with quiet(), _model_errors(f"of {len(data):,} bytes"):
            self._interpreter = _resized(data, batch, threads) or _loaded(data, threads)
            self._outputs = _named_outputs(self._interpreter)
        self._input = self._interpreter.get_input_details()[0]["index"]
        self._shape = tuple(self._interpreter.get_input_details()[0]["shape"])  # [batch, height, width, channels]
        self.batch = int(self._shape[0])

    def __call__(self, images: np.ndarray) -> np.ndarray:
        """Runs a model with exactly one output on `images` and returns this output; see `outputs`.

        Raises:
            InkError: the number of outputs is not one, or the images have another size than the model's input.
        """
        if len(self._outputs) != 1:
            names = ", ".join(self._outputs)
            raise InkError(f"expected a model with one output, found {len(self._outputs)}: {names}; call `outputs`")
        (output,) = self.outputs(images).values()
        return output

    def outputs(self, images: np.ndarray) -> dict[str, np.ndarray]:
        """Runs the model on any number of images and returns all outputs, by name in the model's signature.

        Args:
            images: [n, height, width] or [n, height, width, channels], any dtype, raw values 0..255.

        Returns:
            Arrays [n, ...] in the dtypes of the model's outputs.

        Raises:
            InkError: the images have another size than the model's input.
        """
        images = images.reshape(*images.shape, 1) if images.ndim == len(self._shape) - 1 else images
        if images.shape[1:] != self._shape[1:]:
            raise InkError(f"expected images [n, {', '.join(map(str, self._shape[1:]))}], found {list(images.shape)}")
        parts = [self._run(images[start : start + self.batch]) for start in range(0, len(images), self.batch)]
        if not parts:
            return {name: self._interpreter.get_tensor(index)[:0] for name, index in self._outputs.items()}
        return {name: np.concatenate([part[name] for part in parts]) for name in self._outputs}

    def _run(self, images: np.ndarray) -> dict[str, np.ndarray]:
        """Runs one batch; pads a short batch with zeros and drops the outputs of the padding."""
        feed = np.zeros(self._shape, np.float32)
        feed[: len(images)] = images
        self._interpreter.set_tensor(self._input, feed)
        with _model_errors(f"at {self.batch} images"):
            self._interpreter.invoke()
        return {name: self._interpreter.get_tensor(index)[: len(images)] for name, index in self._outputs.items()}


def predict(data: bytes, batches: Iterable[np.ndarray], batch: int = 32, threads: int = 1) -> Iterator[np.ndarray]:
    """Yields the output of the model for each array of images, see `Runner`."""
    runner = Runner(data, batch, threads)
    yield from map(runner, batches)


def latency(data: bytes, runs: int, threads: int = 1, images: np.ndarray | None = None) -> Latency:
    """Measures the latency of `runs` runs at batch 1, after a warm-up.

    Args:
        data: the flatbuffer.
        runs: number of timed runs.
        threads: number of threads for LiteRT.
        images: [n, height, width, channels], used in turn, for a model whose run time depends on its input. By default
            the input is random.
    """
    interpreter = _loaded(data, threads)
    for details in interpreter.get_input_details():
        shape, dtype = details["shape"], details["dtype"]
        interpreter.set_tensor(details["index"], np.random.default_rng(0).integers(0, 256, shape).astype(dtype))
    seconds = []
    with quiet():
        for run in range(WARM_UP_RUNS + runs):
            if images is not None:
                feed = images[run % len(images)][None].astype(np.float32)
                interpreter.set_tensor(interpreter.get_input_details()[0]["index"], feed)
            start = time.perf_counter()
            interpreter.invoke()
            seconds.append(time.perf_counter() - start)
    p50, p95 = np.percentile(seconds[WARM_UP_RUNS:], [50, 95]) * 1000
    return Latency(float(p50), float(p95), runs, threads, cpu_name())


def cpu_name(cpuinfo: Path = Path("/proc/cpuinfo")) -> str:
    """Model name of this machine's processor, or its architecture if the system does not report the name."""
    if cpuinfo.exists():
        for line in cpuinfo.read_text(encoding="utf-8", errors="replace").splitlines():
            key, _, value = line.partition(":")
            if key.strip() == "model name":
                return value.strip()
    return platform.processor() or platform.machine()


@contextlib.contextmanager
def _model_errors(which: str) -> Iterator[None]:
    """Raises an InkError with the reason if LiteRT rejects a model or fails to run it."""
    try:
        yield
    except (RuntimeError, ValueError) as error:
        raise InkError(f"LiteRT cannot run the model {which} ({error}): write it again") from error


def _loaded(data: bytes, threads: int) -> Interpreter:
    with quiet():
        interpreter = Interpreter(model_content=data, num_threads=threads)
        interpreter.allocate_tensors()
    return interpreter


def _resized(data: bytes, batch: int, threads: int) -> Interpreter | None:
    """Loads the model at another batch size; returns None if its graph cannot be resized."""
    interpreter = Interpreter(model_content=data, num_threads=threads)
    details = interpreter.get_input_details()
    if len(details) != 1:
        raise InkError(f"expected a model with one input, found {len(details)}")
    try:
        interpreter.resize_tensor_input(details[0]["index"], [batch, *details[0]["shape"][1:]])
        interpreter.allocate_tensors()
    except (RuntimeError, ValueError):
        return None
    followed = all(len(output["shape"]) and output["shape"][0] == batch for output in interpreter.get_output_details())
    return interpreter if followed else None


def _named_outputs(interpreter: Interpreter) -> dict[str, int]:
    """Tensor index of each output by its name in the signature; tensor names depend on the converter."""
    details = interpreter.get_signature_runner().get_output_details()
    return {name: int(output["index"]) for name, output in details.items()}
