"""`kill -9` of every stage at random moments: no partial output exists, and the next run gives the undisturbed result.

    INK2EDGE_KILLS=20 pytest tests/faults -m slow -s      # an hour on two idle cores; prints a table

`medians` and `app` are left out because they need the network.
"""

import pytest

from tests.faults.killing import DATA, KILLS, NETWORK, REST, Bench, Kill, moments


def kill_and_run_again(bench: Bench, name: str, number: int, share: float) -> Kill:
    """By turns with one process and with two, killing all or the one that began, anew or over old outputs."""
    workers = 1 + number % 2
    kill = bench.kill(name, workers, share, everyone=number % 4 != 3, anew=number % 8 < 5)
    bench.run(name, workers)
    bench.check_complete()
    return kill


def test_every_stage_is_among_them(bench):
    tested = {name.split("@")[0] for name in (*DATA, *REST)}
    assert {name.split("@")[0] for name in bench.stages} == {*tested, *NETWORK}


@pytest.mark.timeout(1800)
def test_a_killed_stage_leaves_nothing_half_done(bench):
    """Kills a stage once, in the second half of its time, while it writes."""
    kill_and_run_again(bench, "strokes", 3, 0.5 + moments("strokes", 1)[0] / 2)


@pytest.mark.slow
@pytest.mark.timeout(4 * 3600)
@pytest.mark.parametrize("name", [*DATA, *REST])
def test_a_stage_that_is_killed_again_and_again(bench, name, capsys):
    kills = [kill_and_run_again(bench, name, number, share) for number, share in enumerate(moments(name, KILLS))]
    in_time, halves = sum(kill.in_time for kill in kills), sum(kill.half_written for kill in kills)
    with capsys.disabled():
        print(f"\n{name}: {in_time} of {KILLS} kills before its end, {halves} found something half-written")
    assert in_time >= max(1, KILLS / 2 - 1)  # the others came late: the speed of a busy machine varies
