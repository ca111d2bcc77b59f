"""The command line: it parses, calls, and prints."""

from gambits.cli.export import export
from gambits.cli.fit import fit
from gambits.cli.main import main

main.add_command(fit)
main.add_command(export)

__all__ = ["main"]
