"""Words for people: numbers, sizes, times and lists, safe for a terminal. Imports nothing else of ours."""
