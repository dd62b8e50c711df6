"""Where the parts of this checkout lie, for tests in any folder."""

from pathlib import Path

ROOT = Path(__file__).parents[2]
DOUBLES = ROOT / "tests/support/doubles"
FAKE_RESTIC = DOUBLES / "fake_restic.py"
SAMPLE_CONFIG = ROOT / "config/harbour-lane.toml"
