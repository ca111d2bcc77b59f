"""``gambits completion``: what a shell needs to complete commands, and the names that it can complete."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import click
from click.shell_completion import CompletionItem, get_completion_class

from gambits.cli.output import write

if TYPE_CHECKING:
    from collections.abc import Iterable

_VARIABLE: Final = "_GAMBITS_COMPLETE"


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """Print a script for SHELL that completes commands, options, portfolios and gambits."""
    found = get_completion_class(shell)
    assert found is not None, "click knows each of the shells above"
    write(found(context.find_root().command, {}, "gambits", _VARIABLE).source().rstrip() + "\n")


def complete_portfolio(_: click.Context, __: click.Parameter, begun: str) -> list[CompletionItem]:
    """Give the bundled portfolios that begin so, and let the shell add its files and folders."""
    from gambits.files.bundled import portfolio_names

    return _among(portfolio_names(), begun)


def complete_gambit(_: click.Context, __: click.Parameter, begun: str) -> list[CompletionItem]:
    """Give the built-in gambits that begin so, and let the shell add its files."""
    from gambits.files.bundled import profiles

    return _among(profiles(), begun)


def _among(names: Iterable[str], begun: str) -> list[CompletionItem]:
    # Files come first: bash forgets what it was given before them, and offers them where no name fits.
    return [CompletionItem(begun, type="file"), *(CompletionItem(name) for name in names if name.startswith(begun))]
