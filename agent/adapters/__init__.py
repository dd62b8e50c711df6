"""The outside world, translated: each module is thin and decides nothing."""
