"""Names of the architectures for the metadata of model files, for people.

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
    """Name of a detector, from `math.train.arch`, `math.train.backbone` and `math.train.width` in params.yaml.

    Raises:
        KeyError: the architecture or the backbone is unknown.
    """
    return f"{_ARCHITECTURES[arch]} on {_BACKBONES[backbone]} x {multiplier:g}"
