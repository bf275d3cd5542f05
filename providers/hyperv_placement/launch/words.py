"""What the words after `bin/pulumi` ask for, as far as the wrapper has to know."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

_WITH_VALUE = {
    "-C",
    "--cwd",
    "--color",
    "--memprofilerate",
    "--otel-traces",
    "--profiling",
    "--tracing",
    "-v",
    "--verbose",
}
"""Global flags of the CLI whose value may be the next word (`pulumi help`)."""

_SHOWS_DEBUG = 3
"""From this `-v` on the engine's own log has the messages of level debug (seen with 3.260: glog level 3)."""
_NEED_STACK = {
    "cancel", "config", "console", "destroy", "dn", "down", "import", "logs", "pre", "preview", "refresh", "stack",
    "state", "up", "update", "watch",
}  # fmt: skip
_STACK_VERBS_WITHOUT = {"help", "init", "ls", "rm", "select", "unselect"}


def names_folder(words: Sequence[str]) -> bool:
    """Say whether the user named the folder to work in."""
    return has_any(words, "-C", "--cwd")


def needs_stack(words: Sequence[str]) -> bool:
    """Say whether the command works on a stack that the words do not name."""
    if has_any(words, "-s", "--stack") or has_any(words, "-h", "--help"):
        return False
    commands = list(_commands(words))
    if not commands or commands[0] not in _NEED_STACK:
        return False
    return commands[0] != "stack" or len(commands) == 1 or commands[1] not in _STACK_VERBS_WITHOUT


def verb(words: Sequence[str]) -> str:
    """Return the engine's command; empty where none is typed, or its help is asked for."""
    return "" if has_any(words, "-h", "--help") else next(_commands(words), "")


def word_after(words: Sequence[str], short: str, long: str) -> str:
    """Return the value of a flag; empty where it is not given."""
    rest = iter(_before_dashes(words))
    for word in rest:
        name, equals, value = word.partition("=")
        if name in {short, long}:
            return value if equals else next(rest, "")
        if word.startswith(short) and not word.startswith("--"):
            return word.removeprefix(short)
    return ""


def for_import(words: Sequence[str]) -> list[str]:
    """Return the words with what an import of ours is to be: without code and unprotected, where they do not say otherwise.

    The stack file is the program, so that no code is of use; a protected machine would stop `destroy` until the next `up`.
    """
    if verb(words) != "import":
        return list(words)
    given = [word.partition("=")[0] for word in _before_dashes(words)]
    ours = [f"{flag}=false" for flag in ("--generate-code", "--protect") if flag not in given]
    place = words.index("import") + 1
    return [*words[:place], *ours, *words[place:]]


def shows_debug(words: Sequence[str]) -> bool:
    """Say whether the engine will show messages of level debug: `--debug`, or `-v=3` and more."""
    if has_any(words, "-d", "--debug"):
        return True
    rest = iter(_before_dashes(words))
    for word in rest:
        name, _, value = word.partition("=")
        if name[:2] == "-v" and name[2:].isdecimal():  # pflag takes -v9 as well
            name, value = "-v", name[2:]
        if name in {"-v", "--verbose"}:
            number = value or next(rest, "")
            if number.isdecimal() and int(number) >= _SHOWS_DEBUG:
                return True
    return False


def traces(words: Sequence[str]) -> bool:
    """Say whether the engine is to write spans: `--otel-traces`."""
    return any(word.partition("=")[0] == "--otel-traces" for word in _before_dashes(words))


def without_ticket(words: Sequence[str]) -> tuple[list[str], str | None]:
    """Return the words without our own `--ticket`, and the ticket; None where there is none. The engine has no such flag."""
    ours, rest = _before_dashes(words), iter(_before_dashes(words))
    left: list[str] = []
    ticket: str | None = None
    for word in rest:
        if word.startswith("--ticket="):
            ticket = word.removeprefix("--ticket=")
        elif word == "--ticket":
            ticket = next(rest, "")
        else:
            left.append(word)
    return [*left, *words[len(ours) :]], ticket


def has_any(words: Sequence[str], short: str, long: str) -> bool:
    """Say whether a flag is given, in its short form (also with a value behind it) or its long one."""
    return any(
        word == long or word.startswith(f"{long}=") or (word.startswith(short) and not word.startswith("--"))
        for word in _before_dashes(words)
    )


def _commands(words: Sequence[str]) -> Iterator[str]:
    rest = iter(_before_dashes(words))
    for word in rest:
        if word in _WITH_VALUE:
            next(rest, None)
        elif not word.startswith("-"):
            yield word


def _before_dashes(words: Sequence[str]) -> Sequence[str]:
    return words[: words.index("--")] if "--" in words else words
