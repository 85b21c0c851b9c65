"""Contact sheets: dark ink on white paper, in reading order."""

import numpy as np

from pipeline.report.contact_sheet import as_printed, sheet


def test_ink_turns_dark_and_background_white():
    assert as_printed(np.array([[0, 255, 55]], np.uint8)).tolist() == [[255, 0, 200]]


def test_samples_fill_rows_from_the_left():
    images = np.stack([np.full((2, 3), grey, np.uint8) for grey in (10, 20, 30)])
    w, a, b, c = 255, 245, 235, 225
    assert sheet(images, columns=2, gap=1).tolist() == [
        [w, w, w, w, w, w, w, w, w],
        [w, a, a, a, w, b, b, b, w],
        [w, a, a, a, w, b, b, b, w],
        [w, w, w, w, w, w, w, w, w],
        [w, c, c, c, w, w, w, w, w],
        [w, c, c, c, w, w, w, w, w],
        [w, w, w, w, w, w, w, w, w],
    ]
