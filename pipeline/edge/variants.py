"""The four variants of a TFLite file. Apart from `export`, so that naming one does not import TensorFlow.

| variant | weights | arithmetic                             | when                                              |
|---------|---------|----------------------------------------|---------------------------------------------------|
| float32 | float32 | float32                                | the reference that the others are compared with   |
| float16 | float16 | float32                                | half the size, the same predictions               |
| dynamic | int8    | int8, ranges measured at run time      | a quarter of the size, no calibration: start here |
| int8    | int8    | int8, ranges fixed by calibration      | the fastest, and for integer-only accelerators    |

Inputs and outputs are float32 in every variant, so that one runner serves all.
"""

from __future__ import annotations

import argparse
from typing import Literal, get_args

Variant = Literal["float32", "float16", "dynamic", "int8"]
VARIANTS: tuple[Variant, ...] = get_args(Variant)
REFERENCE: Variant = "float32"


def variant_from_arguments(description: str | None) -> Variant:
    """The variant that a stage's command line names; a wrong or missing one ends the process with the usage."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("variant", choices=VARIANTS)
    return parser.parse_args().variant
