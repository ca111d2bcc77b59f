"""The memo that a board acts on: composed from finished records, then rendered."""
