"""The portfolio file: its records, its one table of keys, loading, and checks."""
