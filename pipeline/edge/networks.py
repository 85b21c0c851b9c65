"""The names of the networks that a model file carries in its metadata, for people.

metadata.describe(data, labels, normalisation, INCEPTION_GAP)
metadata.describe(data, labels, normalisation, detector_name("faster_rcnn_fpn", "mobilenet_v2", 0.5))
"""

from __future__ import annotations

INCEPTION_GAP = "Inception-GAP"

_ARCHITECTURES = {
    "faster_rcnn_fpn": "Faster R-CNN with FPN",
    "faster_rcnn": "Faster R-CNN",
    "ssd_fpn": "SSD with FPN",
}
_BACKBONES = {
    "mobilenet_v2": "MobileNetV2",
    "mobilenet_v3_small": "MobileNetV3-Small",
    "mobilenet_v3_large": "MobileNetV3-Large",
}


def detector_name(arch: str, backbone: str, multiplier: float) -> str:
    """The name of a detector, from the values of `math.train.arch`, `.backbone` and `.width` in params.yaml.

    Raises:
        KeyError: an architecture or a backbone that params.yaml does not allow.
    """
    return f"{_ARCHITECTURES[arch]} on {_BACKBONES[backbone]} x {multiplier:g}"
