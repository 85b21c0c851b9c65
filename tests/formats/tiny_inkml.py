"""Small InkML documents."""

import pytest

from pipeline.formats.inkml import InkmlError, read_inkml

NAMESPACE = 'xmlns="http://www.w3.org/2003/InkML"'
TRACES = '<trace id="0">0 0, 9 9</trace><trace id="1">9 0, 0 9</trace>'
ANNOTATION = '<annotation type="truth">{}</annotation>'


def group(label, *traces, inner=""):
    views = "".join(f'<traceView traceDataRef="{trace}"/>' for trace in traces)
    return f"<traceGroup>{ANNOTATION.format(label) if label is not None else ''}{inner}{views}</traceGroup>"


def document(*parts, head=""):
    return f"{head}<ink {NAMESPACE}>{''.join(parts)}</ink>".encode()


def formula(traces=TRACES, groups=None, **parts):
    """Two traces that form an x."""
    return document(traces, group("Segmentation", inner=groups or group("x", 0, 1)), **parts)


def symbols(data):
    return [(symbol.label, symbol.traces) for symbol in read_inkml(data).symbols]


def reason(data):
    with pytest.raises(InkmlError) as error:
        read_inkml(data)
    return str(error.value)
