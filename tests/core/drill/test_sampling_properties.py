"""Sampled drills cover everything once in a round, and their patterns select exactly their part."""

import os

from hypothesis import given, settings
from hypothesis import strategies as st

from agent.core.configuration.exclude import compile_excludes
from agent.core.drill.sampling import Part, Weight, include_patterns, next_part
from agent.core.snapshot.witness import sort_key

NAME = st.binary(min_size=1, max_size=4).map(lambda name: name.replace(b"/", b"_").replace(b"\0", b"0"))
ODD_NAME = st.sampled_from(
    [
        b"*",
        b"?",
        b"[a]",
        b"\\",
        b"a*",
        b"a\\*",
        b"a",
        b"aa",
        b"ab",
        b"a.b",
        b"-",
        b"\xff",
        b"\xc3\xa9",
        b"a\n",
        b"!",
    ]
)
PATHS = st.lists(
    st.lists(NAME | ODD_NAME, min_size=1, max_size=4).map(tuple), min_size=1, max_size=40, unique=True
)


def _witness(files: list[tuple[bytes, ...]], sizes: list[int]) -> list[Weight]:
    """As a walk meets them: every directory before what is below it."""
    names = {b"top": True}
    for parts in files:
        for depth in range(1, len(parts)):
            names[b"/".join((b"top", *parts[:depth]))] = True
    for parts in files:
        names.setdefault(b"/".join((b"top", *parts)), False)
    return [
        Weight(path, sizes[number % len(sizes)], names[path])
        for number, path in enumerate(sorted(names, key=sort_key))
        if not any(part in (b".", b"..") for part in path.split(b"/"))
    ]


def _round(witness: list[Weight], share: float) -> list[Part]:
    parts = [next_part(lambda: witness, share, "")]
    while parts[-1].cursor:
        parts.append(next_part(lambda: witness, share, parts[-1].cursor))
        assert len(parts) <= len(witness)
    return parts


SIZES = st.lists(st.integers(0, 1 << 30), min_size=1, max_size=5)
SHARE = st.sampled_from([0.01, 0.1, 0.25, 0.5, 0.99])


@given(PATHS, SIZES, SHARE)
@settings(deadline=None)
def test_a_round_holds_every_file_exactly_once(
    files: list[tuple[bytes, ...]], sizes: list[int], share: float
) -> None:
    witness = _witness(files, sizes)

    parts = _round(witness, share)

    for weight in witness:
        held = sum(part.holds(weight.path) for part in parts)
        cut = any(part.cuts(weight.path) for part in parts)
        assert held == 1 or (weight.is_directory and cut and held == 0)
    assert abs(sum(part.share for part in parts) - 1) < 1e-9
    assert all(part.share < 1 - 1e-9 for part in parts) or len(parts) == 1


@given(PATHS, SIZES, SHARE)
@settings(deadline=None)
def test_the_patterns_of_a_part_select_its_entries_and_no_others(
    files: list[tuple[bytes, ...]], sizes: list[int], share: float
) -> None:
    witness = _witness(files, sizes)

    for part in _round(witness, share):
        matcher = compile_excludes([os.fsdecode(p) for p in include_patterns(lambda: witness, part)])
        for weight in witness:
            assert _selected(matcher, weight.path) == part.holds(weight.path)


def _selected(matcher, path: bytes) -> bool:  # type: ignore[no-untyped-def]
    """restic takes along everything below a directory that matches."""
    parts = path.split(b"/")
    above = [b"/" + b"/".join(parts[:length]) for length in range(1, len(parts) + 1)]
    return matcher is not None and any(matcher.match(each) for each in above)


@given(PATHS, SIZES, SHARE, st.data())
@settings(deadline=None)
def test_files_that_come_and_go_during_a_round_cost_nobody_else_a_turn(
    files: list[tuple[bytes, ...]], sizes: list[int], share: float, draw: st.DataObject
) -> None:
    witness = _witness(files, sizes)
    cursor, held = "", set()

    while True:
        part = next_part(lambda now=witness: now, share, cursor)  # type: ignore[misc]
        held |= {weight.path for weight in witness if part.holds(weight.path)}
        cursor = part.cursor
        if not cursor:
            break
        gone = draw.draw(st.sampled_from([weight.path for weight in witness]))
        witness = [weight for weight in witness if weight.path != gone or weight.is_directory]

    assert {weight.path for weight in witness if not weight.is_directory} <= held


def test_a_part_weighs_about_its_share() -> None:
    witness = [Weight(b"top", 0, True), *(Weight(b"top/%04d" % n, 1000, False) for n in range(1000))]

    parts = _round(witness, 0.1)

    assert 10 <= len(parts) <= 11
    assert all(90 <= part.entries <= 110 for part in parts[:10])
