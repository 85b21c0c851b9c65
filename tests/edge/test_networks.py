from typing import get_args

import pytest

from pipeline.edge.networks import detector_name
from pipeline.params import MathTrain


def allowed(key):
    return get_args(MathTrain.model_fields[key].annotation)


@pytest.mark.parametrize("arch", allowed("arch"))
@pytest.mark.parametrize("backbone", allowed("backbone"))
def test_every_detector_that_params_allow_has_a_name(arch, backbone):
    assert detector_name(arch, backbone, 0.35).endswith(" x 0.35")


def test_names_read_as_in_papers():
    assert detector_name("faster_rcnn_fpn", "mobilenet_v2", 0.5) == "Faster R-CNN with FPN on MobileNetV2 x 0.5"
    assert detector_name("ssd_fpn", "mobilenet_v3_small", 1.0) == "SSD with FPN on MobileNetV3-Small x 1"
