"""The completion script of bash, which zsh runs as well."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from .words import OFFERED, CommandWords, Kind, Option

_HEAD = """\
# Completion of placement. In bash: source <(placement completion bash)
_placement_stacks() {
    local folder=$PWD file
    while [ ! -e "$folder/Pulumi.yaml" ] && [ -n "$folder" ]; do folder=${folder%/*}; done
    for file in "$folder"/stacks/*.yaml; do
        file=${file##*/}
        case "$file" in 'Pulumi.'* | '*.yaml') ;; *) printf '%s\\n' "${file%.yaml}" ;; esac
    done
}
_placement_offer() {
    local kind asked=() program=${1/#\\~\\//$HOME/}
    shift
    for kind in $1; do asked+=(--offer "$kind"); done
    shift
    "$program" completion "${asked[@]}" bash -- "$@" 2>/dev/null
}
_placement() {
    local current=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} command='' words='' takes='' asks='' n name names typed
    for ((n = 1; n < COMP_CWORD; n++)); do
        case "$command:${COMP_WORDS[n]}" in
"""
_TAIL = """\
    COMPREPLY=()
    case "$takes" in *stack*) words="$words $(_placement_stacks)" ;; esac
    if [ -n "$words" ]; then COMPREPLY=($(compgen -W "$words" -- "$current")); fi
    case "$asks:$current" in
        :* | *:-*) ;;
        *)
            names=$(_placement_offer "${COMP_WORDS[0]}" "$asks" "${COMP_WORDS[@]:1:$((COMP_CWORD - 1))}")
            typed=${current//[\\\\\\"\\']/}
            while IFS= read -r name; do
                if [ -z "$name" ] || [ "${name:0:${#typed}}" != "$typed" ]; then continue; fi
                # zsh quotes what it inserts by itself; behind a quote bash inserts a word as it is.
                if [ -z "${ZSH_VERSION-}" ] && [ "${current#[\\"\\']}" = "$current" ]; then printf -v name '%q' "$name"; fi
                COMPREPLY+=("$name")
            done <<< "$names"
            ;;
    esac
    case "$takes:${#COMPREPLY[@]}:$current" in
        *file*:*:[!-]* | *file*:*: | *stack*:0:[!-]*)
            COMPREPLY=(${COMPREPLY[@]+"${COMPREPLY[@]}"} $(compgen -f -- "$current"))
            compopt -o filenames 2>/dev/null
            ;;
    esac
}
complete -F _placement placement
"""


def bash(commands: Sequence[CommandWords]) -> str:
    """Return the script; it needs nothing but bash 3.2 or later."""
    lines = [f"            '{_before(each)}') command='{each.key}' ;;" for each in commands if each.path]
    lines += ["        esac", "    done", '    case "$command" in']
    lines += [f"        '{each.key}') {_next(each.words, each.takes)} ;;" for each in commands]
    lines += ["    esac", '    case "$command:$before" in']
    for each in commands:
        lines += [f"        {line}" for line in _options(each)]
    return _HEAD + "\n".join([*lines, "    esac"]) + f"\n{_TAIL}"


def zsh(commands: Sequence[CommandWords]) -> str:
    """Return the script for zsh: that of bash, which zsh's own bashcompinit runs."""
    return f"# In zsh: source <(placement completion zsh)\nautoload -U +X compinit bashcompinit\ncompinit -u\nbashcompinit\n{bash(commands)}"


def _before(command: CommandWords) -> str:
    """Return by what a command is known: the command before it, and its word."""
    return f"{'/'.join(command.path[:-1])}:{command.path[-1]}"


def _options(command: CommandWords) -> Iterator[str]:
    for option in command.options:
        if option.takes is not None:
            names = " | ".join(f"'{command.key}:{name}'" for name in option.names)
            yield f"{names}) {_behind(option)} ;;"


def _behind(option: Option) -> str:
    return _next(option.choices, option.takes or ())


def _next(words: Sequence[str], takes: Sequence[Kind]) -> str:
    found = f"words='{' '.join(words)}' takes='{' '.join(kind for kind in takes if kind not in OFFERED)}'"
    asks = " ".join(kind for kind in takes if kind in OFFERED)
    return f"{found} asks='{asks}'"
