"""The yardstick's compute is the published one."""

import pytest

from pipeline.report.reference import faster_rcnn_resnet, resnet

# torchvision's "GFLOPS" of its weights, which are multiply-accumulates. https://pytorch.org/vision/stable/models.html
RESNET_GMACS = {50: 4.09, 101: 7.80}  # at 224 x 224
FASTER_RCNN_GMACS = 134.38  # fasterrcnn_resnet50_fpn at 800 x 800, 90 classes


@pytest.mark.parametrize("depth", RESNET_GMACS)
def test_a_classifier_costs_what_is_published(depth):
    assert resnet(depth, 224, 224) / 1e9 == pytest.approx(RESNET_GMACS[depth], abs=0.01)


def test_a_detector_costs_what_is_published():
    parts = faster_rcnn_resnet(50, 800, 800, classes=90)
    assert sum(parts.values()) / 1e9 == pytest.approx(FASTER_RCNN_GMACS, abs=0.05)


def test_parts_worked_out_by_hand():
    parts = faster_rcnn_resnet(101, 64, 64, classes=1)
    places = 16 * 16 + 8 * 8 + 4 * 4 + 2 * 2  # strides 4 to 32
    lateral = 256 * (16 * 16 * 256 + 8 * 8 * 512 + 4 * 4 * 1024 + 2 * 2 * 2048)
    assert parts["pyramid"] == lateral + places * 9 * 256 * 256
    assert parts["region proposals"] == (places + 1) * (9 * 256 * 256 + 256 * 15)
    assert parts["box head"] == 1000 * (7 * 7 * 256 * 1024 + 1024 * 1024 + 1024 * 2 * 5)


def test_the_whole_image_counts_not_its_shape():
    wide, square = (faster_rcnn_resnet(101, *size, classes=101) for size in ((128, 512), (256, 256)))
    assert wide["backbone"] == square["backbone"]
