"""The completion script of fish, which shows what each word does."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from .words import OFFERED, CommandWords, Kind, Option

_HEAD = """\
# Completion of placement. In fish: placement completion fish | source
function __placement_stacks
    set -l folder $PWD
    while not test -e "$folder/Pulumi.yaml"; and test -n "$folder"
        set folder (string replace -r '/[^/]*$' '' -- $folder)
    end
    for file in $folder/stacks/*.yaml
        string match -v 'Pulumi.*' (string replace -r '.*/(.*)\\.yaml$' '$1' -- $file)
    end
end
function __placement_offer
    set -l typed (commandline -opc)
    set -l program (string replace -r '^~/' "$HOME/" -- $typed[1])
    $program completion --offer $argv fish -- $typed[2..-1] 2>/dev/null
end
function __placement_at
    set -l command ''
    for word in (commandline -opc)[2..-1]
        switch "$command:$word"
"""
_TAIL = """\
        end
    end
    test "$command" = "$argv[1]"
end
complete -c placement -f
"""


def fish(commands: Sequence[CommandWords]) -> str:
    """Return the script, for fish 3 or later."""
    lines = [
        f"            case '{'/'.join(each.path[:-1])}:{each.path[-1]}'\n                set command '{each.key}'"
        for each in commands
        if each.path
    ]
    below = {each.key: each.line for each in commands}
    words = [line for each in commands for line in _lines(each, below)]
    return _HEAD + "\n".join(lines) + f"\n{_TAIL}" + "\n".join(words) + "\n"


def _lines(command: CommandWords, below: dict[str, str]) -> Iterator[str]:
    here = f"complete -c placement -n '__placement_at {command.key or quoted('')}'"
    for word in command.choices:
        line = below.get("/".join((*command.path, word)), "")
        yield f"{here} -a {quoted(word)}" + (f" -d {quoted(line)}" if line else "")
    if "stack" in command.takes or "file" in command.takes:
        yield f"{here} -F"
    if looked_up := _looked_up(command.takes):
        yield f"{here} -a {looked_up}"
    for option in command.options:
        yield here + _option(option)


def _option(option: Option) -> str:
    parts = [f" -l {name[2:]}" if name.startswith("--") else f" -s {name[1:]}" for name in option.names]
    parts.append(f" -d {quoted(option.line)}")
    if option.takes is None:
        return "".join(parts)
    looked_up = _looked_up(option.takes)
    if "file" in option.takes:
        parts.append(" -r -F")
    elif looked_up:
        parts.append(f" -x -a {looked_up}")
    else:
        parts.append(f" -x -a {quoted(' '.join(option.choices))}")
    return "".join(parts)


def _looked_up(kinds: Sequence[Kind]) -> str:
    """Return the calls that print what may stand there, as one word; empty where there are none."""
    calls = ["(__placement_stacks)"] if "stack" in kinds else []
    asked = " --offer ".join(kind for kind in kinds if kind in OFFERED)
    calls += [f"(__placement_offer {asked})"] if asked else []
    return quoted(" ".join(calls)) if calls else ""


def quoted(text: str) -> str:
    r"""Return a word of fish in single quotes, where `\` and `'` alone mean something."""
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
