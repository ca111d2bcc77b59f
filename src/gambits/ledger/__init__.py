"""What was decided, what came of it: runs that nothing overwrites, approvals, outcomes, the track record."""
