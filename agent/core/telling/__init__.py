"""Who is told what, and when: concerns, incidents, alarms, and the outbox."""
