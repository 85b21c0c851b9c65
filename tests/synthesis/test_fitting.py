import numpy as np
import pytest

from pipeline.synthesis.tracing.fitting import fit, lay_out, open_loops

MEDIANS = (((100, 200), (900, 200)), ((500, 100), (500, 900)), ((150, 850), (450, 850)))


def shown(medians, order, turned):
    """The medians as a tracing shows them: small, somewhere else, in another order and direction."""
    lines = [np.array(stroke, np.float64) / 8 + (30, 7) for stroke in medians]
    return [lines[index][::-1] if index in turned else lines[index] for index in order]


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 0, 1), (1, 2, 0)])
@pytest.mark.parametrize("turned", [(), (0,), (0, 1, 2)])
def test_size_order_and_direction_are_those_of_the_medians(order, turned):
    assert fit(shown(MEDIANS, order, turned), MEDIANS) == MEDIANS


def test_a_stroke_in_two_pieces_stays_in_order():
    pieces = [((500, 100), (500, 400)), ((500, 420), (500, 900))]
    lines = shown((MEDIANS[0], *pieces, MEDIANS[2]), (3, 2, 1, 0), (1,))
    assert fit(lines, MEDIANS) == (MEDIANS[0], *pieces, MEDIANS[2])


def test_without_medians_strokes_go_from_left_to_right():
    lines = [np.array([(60.0, 10), (60, 50)]), np.array([(40.0, 50), (20, 10)])]
    left, right = lay_out(lines, em=128)
    assert left[0] == (352, 352)  # 20 pixels left of the centre and above it, 8 units each
    assert right == ((672, 352), (672, 672))


@pytest.mark.parametrize("turned", [1, -1])
@pytest.mark.parametrize("start", range(4))
def test_a_closed_line_becomes_two_strokes_from_the_upper_left_to_the_lower_right(start, turned):
    corners = np.array([(10.0, 10), (90, 12), (88, 95), (12, 90)])
    box = np.roll(corners, start, axis=0)[::turned]
    one, other = open_loops([np.concatenate([box, box[:1]])])
    assert {tuple(map(tuple, line.tolist())) for line in (one, other)} == {
        ((10, 10), (90, 12), (88, 95)),
        ((10, 10), (12, 90), (88, 95)),
    }


def test_an_open_line_stays_whole():
    line = np.array([(10.0, 10), (90, 12), (88, 95), (12, 90)])
    (found,) = open_loops([line])
    np.testing.assert_array_equal(found, line)
