"""The story told again: a recorded run made anew, today's file against it, and what moved between the two."""
