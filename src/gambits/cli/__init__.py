"""The command line: it parses, calls, and prints."""

from gambits.cli.fit import fit
from gambits.cli.main import main

main.add_command(fit)

__all__ = ["main"]
