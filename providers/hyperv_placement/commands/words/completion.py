"""The words of `placement completion`."""

from __future__ import annotations

from hyperv_placement.commands.arguments import Parser
from hyperv_placement.report.shells import SHELLS
from hyperv_placement.report.shells.words import OFFERED

EXIT_CODES = {0: "printed", 1: "there is no such shell here"}


_WHERE = """\
bash: source <(placement completion bash), in ~/.bashrc. zsh: source <(placement completion zsh), in ~/.zshrc.
fish: placement completion fish | source, in ~/.config/fish/config.fish.
PowerShell: placement completion powershell | Out-String | Invoke-Expression, in $PROFILE.
"""


def add_to(parser: Parser) -> None:
    """Add the words of this verb."""
    parser.epilog = _WHERE.rstrip()
    parser.end_with(EXIT_CODES)
    parser.add_argument("shell", choices=[*SHELLS], metavar="SHELL", help=", ".join(SHELLS))
    parser.add_argument(
        "--offer",
        action="append",
        choices=[*OFFERED],
        help="what such a script asks when a key is pressed: the names that may stand next, a line each",
    )
    parser.add_argument("words", nargs="*", metavar="WORD", help="for --offer: the words before it")
    parser.set_defaults(verbatim=True)
