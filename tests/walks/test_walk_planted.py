"""Faults that are put back are found by walks; without READINESS_TEST_EXAMPLES, only that they still fit."""

import os
from pathlib import Path

import pytest

from support.walking.planted import FAULTS, plant, walked


@pytest.mark.timeout(3600)
@pytest.mark.parametrize("name", FAULTS)
def test_what_is_put_back_is_found(name: str, tmp_path: Path) -> None:
    there = plant(name, tmp_path)
    most = int(os.environ.get("READINESS_TEST_EXAMPLES") or 0)
    found = walked(there, most) if most else "Steps: none were taken"
    assert "Steps: " in found, found
    print(found)
