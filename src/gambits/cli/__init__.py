"""The command line: it parses, calls, and prints."""

from gambits.cli.main import main

__all__ = ["main"]
