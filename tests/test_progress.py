"""Progress bars in a log."""

from pipeline.progress import progress


def test_a_log_gets_a_line_at_the_start_and_one_at_the_end(capsys):
    assert list(progress(iter(range(5000)), total=5000, desc="decode", unit="files")) == list(range(5000))
    first, last = capsys.readouterr().err.strip("\r\n").split("\r")
    assert first.startswith("decode:   0%|")
    assert "5000/5000" in last
