"""The command line: it parses, calls, and prints."""

from gambits.cli.alternatives import alternatives
from gambits.cli.calibrate import calibrate
from gambits.cli.compare import compare
from gambits.cli.completion import completion
from gambits.cli.diff import diff
from gambits.cli.explain import explain
from gambits.cli.export import export
from gambits.cli.fit import fit
from gambits.cli.frontier import frontier
from gambits.cli.graph import graph
from gambits.cli.main import main
from gambits.cli.memo import memo
from gambits.cli.rerun import rerun
from gambits.cli.runs import runs
from gambits.cli.score import score
from gambits.cli.sensitivity import sensitivity
from gambits.cli.template import template
from gambits.cli.voi import voi

main.add_command(memo)
main.add_command(compare)
main.add_command(frontier)
main.add_command(score)
main.add_command(alternatives)
main.add_command(sensitivity)
main.add_command(explain)
main.add_command(voi)
main.add_command(diff)
main.add_command(rerun)
main.add_command(runs)
main.add_command(graph)
main.add_command(calibrate)
main.add_command(fit)
main.add_command(export)
main.add_command(template)
main.add_command(completion)

__all__ = ["main"]
