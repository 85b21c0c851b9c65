"""The four variants of a TFLite file. This module is separate, so that its importers need no TensorFlow.

| variant | weights | arithmetic                             | when                                              |
|---------|---------|----------------------------------------|---------------------------------------------------|
| float32 | float32 | float32                                | reference for comparing the others                |
| float16 | float16 | float32                                | half the size, the same predictions               |
| dynamic | int8    | int8, ranges measured at run time      | a quarter of the size, no calibration: start here |
| int8    | int8    | int8, ranges fixed by calibration      | fastest; for integer-only accelerators            |

Inputs and outputs are float32 in every variant, so that one runner supports all.
"""

from __future__ import annotations

from typing import Literal, get_args

Variant = Literal["float32", "float16", "dynamic", "int8"]
VARIANTS: tuple[Variant, ...] = get_args(Variant)
REFERENCE: Variant = "float32"
