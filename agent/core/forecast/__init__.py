"""How long a recovery takes: measured times, their growth, and the timetable of all processes."""
