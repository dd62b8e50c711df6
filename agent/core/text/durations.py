"""Lengths of time as the config writes them: "90s", "30m", "24h", "2d", "1w", "1h30m"."""

import re

UNITS = {"w": 604_800, "d": 86_400, "h": 3_600, "m": 60, "s": 1}
LONGEST = 3_660 * 86_400  # ten years: more is a slip of the pen

# larger units first, each at most once
PATTERN = "^" + "".join(f"(?:([0-9]{{1,9}}){unit})?" for unit in UNITS) + "$"


def parse_duration(text: str) -> int:
    """Whole seconds of a written duration; ValueError says in one clause what is wrong with it."""
    match = re.fullmatch(PATTERN, text) if text else None
    if match is None:
        raise ValueError("is not a duration")
    numbers = match.groups(default="0")
    seconds = sum(int(number) * length for number, length in zip(numbers, UNITS.values(), strict=True))
    if seconds == 0:
        raise ValueError("must be longer than nothing")
    if seconds > LONGEST:
        raise ValueError("is longer than ten years")
    return seconds
