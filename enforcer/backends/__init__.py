"""Where a job's action runs, and what keeps jobs apart; one file a backend behind one protocol."""
