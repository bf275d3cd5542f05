"""The completion script of PowerShell, 5.1 or later."""

from __future__ import annotations

from collections.abc import Sequence

from .words import OFFERED, CommandWords, Kind

_HEAD = """\
# Completion of placement. In PowerShell: placement completion powershell | Out-String | Invoke-Expression
Register-ArgumentCompleter -Native -CommandName placement, placement.cmd -ScriptBlock {
    param($word, $line, $cursor)
    $commands = @{
"""
_MIDDLE = """\
    }
    $behind = @{
"""
_TAIL = """\
    }
    $typed = @($line.CommandElements | Where-Object { $_.Extent.EndOffset -lt $cursor } | ForEach-Object { $_.ToString() })
    $command = ''
    foreach ($each in ($typed | Select-Object -Skip 1)) {
        $next = if ($command) { "$command/$each" } else { $each }
        if ($commands.ContainsKey($next)) { $command = $next }
    }
    $key = "${command}:$($typed[-1])"
    $words, $takes, $asks = if ($behind.ContainsKey($key)) { $behind[$key] } else { $commands[$command] }
    if ($takes -contains 'stack') {
        $folder = Get-Item .
        while ($folder -and -not (Test-Path (Join-Path $folder.FullName 'Pulumi.yaml'))) { $folder = $folder.Parent }
        if ($folder) {
            $words += Get-ChildItem (Join-Path $folder.FullName 'stacks') -Filter *.yaml -ErrorAction SilentlyContinue |
                Where-Object Name -NotLike 'Pulumi.*' | ForEach-Object BaseName
        }
    }
    if ($asks -and -not $word.StartsWith('-')) {
        $asked = @($asks | ForEach-Object { '--offer'; $_ })
        $words += & $typed[0] completion @asked powershell -- @($typed | Select-Object -Skip 1) 2>$null
    }
    $begun = $word.TrimStart("'", '"')
    $words | Where-Object { $_ -like "$begun*" } | ForEach-Object {
        $text = if ($_.Contains(' ')) { "'$_'" } else { $_ }
        [System.Management.Automation.CompletionResult]::new($text, $_, 'ParameterValue', $_)
    }
}
"""


def powershell(commands: Sequence[CommandWords]) -> str:
    """Return the script. Where it has no word, PowerShell offers files by itself."""
    lines = [f"        '{each.key}' = {_next(each.words, each.takes)}" for each in commands]
    behind = [
        f"        '{each.key}:{name}' = {_next(option.choices, option.takes or ())}"
        for each in commands
        for option in each.options
        if option.takes is not None
        for name in option.names
    ]
    return _HEAD + "\n".join(lines) + f"\n{_MIDDLE}" + "\n".join(behind) + f"\n{_TAIL}"


def _next(words: Sequence[str], takes: Sequence[Kind]) -> str:
    known = [kind for kind in takes if kind not in OFFERED]
    asked = [kind for kind in takes if kind in OFFERED]
    return ", ".join(f"@({', '.join(map(_quoted, each))})" for each in (words, known, asked))


def _quoted(word: str) -> str:
    """Return a word in single quotes, where a quote alone means something."""
    return "'" + word.replace("'", "''") + "'"
