"""Nouns without a home of their own: estimates and periods."""
