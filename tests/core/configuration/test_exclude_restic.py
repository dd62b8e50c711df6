"""The witness leaves out exactly what restic leaves out: trees and patterns, held against real restic."""

import json
import os
import random
import re
from pathlib import Path

import pytest

from agent.adapters.sources.walk import Visit, walk
from agent.core.configuration.exclude import compile_excludes, os_bytes
from support.builders.readiness_cli import Shop

NAMES = [
    "a",
    "b",
    "ab",
    "a.b",
    "é",
    "[a]",
    "a*",
    "a?",
    "\\a",
    "A",
    ".h",
    "a b",
    "aé",
    "x^",
    "a-c",
    "]",
    "-",
    "日本",
]
TRICKY = [
    "[^a]/[^^]",
    "**/[^é]/[ü-þ]",
    "[é]",
    "[^b-zé日本]b",
    "a/**/b",
    "**/a/**",
    "/**/ab/é",
    "a/./b/../ab/",
    "\\*",
    "a\\*",
    "\\[a]",
    "x\\^",
    "[\\-]",
    "[a\\]]",
    "[!a]",
    "?é",
    "日?",
    ".*/*",
    "*é*/?",
    "a**",
]
REFUSED = ["[b-]", "[]a]", "[^]", "[", "a[", "a\\", "[a-", "[\\"]


@pytest.fixture
def tree(tmp_path: Path, restic: Path) -> Shop:
    shop = Shop(tmp_path, restic).set_up()
    _fill(shop.source, 2, random.Random(5))
    return shop


def _fill(directory: Path, depth: int, chance: random.Random) -> None:
    for name in NAMES:
        if depth and chance.random() < 0.35:
            (directory / name).mkdir()
            _fill(directory / name, depth - 1, chance)
        elif chance.random() < 0.7:
            (directory / name).touch()


def _kept_by_restic(shop: Shop, patterns: list[str]) -> set[str]:
    excludes = [argument for pattern in patterns for argument in ("--exclude", pattern)]
    summary = shop.plain_restic("backup", "--json", *excludes, "--", shop.source).splitlines()[-1]
    listed = shop.plain_restic("ls", "--json", json.loads(summary)["snapshot_id"]).splitlines()
    paths = {node["path"] for node in map(json.loads, listed) if node.get("struct_type") == "node"}
    return {path for path in paths if path.startswith(f"{shop.source}/")}


def _kept_by_us(shop: Shop, patterns: list[str]) -> set[str]:
    base = os.open("/", os.O_RDONLY)
    try:
        met = list(walk(base, os_bytes(str(shop.source)).strip(b"/"), compile_excludes(patterns)))
    finally:
        os.close(base)
    paths = {"/" + os.fsdecode(visit.path) for visit in met if isinstance(visit, Visit)}
    return paths - {str(shop.source)}


def test_what_is_left_out_is_what_restic_leaves_out(tree: Shop) -> None:
    chance = random.Random(11)
    top = str(tree.source)
    everything = _kept_by_us(tree, [])
    lists = [TRICKY[:5], TRICKY[5:]]
    lists += [[f"{top}/{name}/{pattern}" for name, pattern in zip(NAMES, TRICKY, strict=False)]]
    parts = [part for pattern in TRICKY for part in pattern.split("/") if part]
    for _ in range(3):
        lists.append([f"{top}/{'/'.join(chance.choices(parts, k=2))}" for _ in range(12)])

    for patterns in lists:
        kept = _kept_by_us(tree, patterns)
        assert kept == _kept_by_restic(tree, patterns), patterns
        assert kept < everything


@pytest.mark.parametrize("pattern", REFUSED)
def test_what_restic_refuses_as_a_pattern_we_refuse(
    pattern: str, tmp_path: Path, newest_restic: Path
) -> None:
    with pytest.raises(re.error):
        compile_excludes([pattern])

    shop = Shop(tmp_path, newest_restic).set_up()
    assert b"snapshot_id" not in shop.plain_restic(
        "backup", "--json", "--exclude", pattern, shop.source, check=False
    )


def test_a_range_of_many_characters_is_refused_and_not_listed_one_by_one() -> None:
    with pytest.raises(re.error):
        compile_excludes(["[a-\U0010ffff]"])


def test_a_byte_that_is_no_utf8_counts_as_a_character() -> None:
    pattern = compile_excludes(["a?c"])

    assert pattern
    assert pattern.match(b"/x/a\xffc")
    assert not pattern.match(b"/x/a\xff\xffc")
