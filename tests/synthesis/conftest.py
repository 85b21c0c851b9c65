"""Made-up stroke data, so that no test of the ink needs the npm package."""

import pytest

# A line, a cross, a box under a hooked roof, a dot: enough for joins, hooks, components and short strokes.
STROKES = {
    "一": (((100, 500), (500, 480), (920, 470)),),
    "十": (((100, 500), (920, 470)), ((510, 60), (520, 500), (515, 960))),
    "司": (
        ((150, 200), (800, 180), (790, 800), (700, 760)),
        ((200, 380), (600, 360)),
        ((240, 540), (250, 800)),
        ((250, 550), (580, 540), (560, 780)),
        ((260, 770), (560, 760)),
    ),
    "丶": (((480, 420), (560, 520)),),
}


@pytest.fixture
def strokes():
    return STROKES
