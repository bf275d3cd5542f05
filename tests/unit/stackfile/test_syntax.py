"""What YAML itself forbids, and what we refuse of it."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from hyperv_placement.stackfile import findings as collected
from hyperv_placement.stackfile.nodes import plain_kind
from hyperv_placement.stackfile.parsing import _TreeBuilder

from .conftest import Findings, Load

HOST = "hosts: {hv1: {address: hv1}}\n"


@pytest.mark.parametrize("text", ["", "\n\n", "# only a comment\n", "---\n", "---\n...\n", "\ufeff", "\t\n"])
def test_an_empty_file(findings: Findings, text: str) -> None:
    """A file without content says what it needs at least."""
    assert findings(text) == ["1: is empty; a stack file needs at least the sections hosts: and vms:"]


@pytest.mark.parametrize("text", ["just text", "[]", "42", "null"])
def test_a_file_that_is_no_mapping(findings: Findings, text: str) -> None:
    """A list or a text at the top is answered with what belongs there."""
    assert (
        findings(text)[0].endswith("must be a mapping of keys to values")
        or "has no value" in findings(text)[0]
    )


def test_every_tab_in_the_indentation_is_reported(findings: Findings) -> None:
    """Tabs are listed line by line, and what else is wrong beneath them too."""
    found = findings(f"{HOST}vms:\n\tVM1:\n\t\thost: hv2\n  \n\t# a comment\n")

    assert [line for line in found if "tab" in line] == [
        f"{number}: a tab in the indentation; YAML wants blanks there" for number in (3, 4, 6)
    ]
    assert any(line.startswith("4: vms.VM1.host: unknown host 'hv2'") for line in found)


def test_tabs_that_break_the_structure_are_the_only_finding(findings: Findings) -> None:
    """A syntax error that our reading of a tab made is not blamed on the writer."""
    assert findings(f"{HOST}vms:\n    VM1:\n\thost: hv1\n     name: x\n") == [
        "4: a tab in the indentation; YAML wants blanks there"
    ]


def test_tabs_elsewhere_are_fine(load_text: Load) -> None:
    """A tab before a comment or on an empty line harms nobody."""
    assert "VM1" in load_text(f"{HOST}\t\nvms:\t# machines\n  VM1: {{}}\t# one\n  \t\n").vms


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("hosts: {}\nvms: a: b\n", "2: no valid YAML (mapping values are not allowed"),
        ("hosts:\n  hv1: {address: hv1\nvms: {}\n", "3: no valid YAML (did not find expected ',' or '}', in what starts in line 2)"),
        ("hosts: @x\n", "1: no valid YAML (found character that cannot start any token"),
        ("hosts: 'x\nvms: {}\n", "1: no valid YAML (found unexpected end of stream): the quote that opens here is never closed"),
        ("hosts:\n    a: 1\n  b: 2\n", "3: no valid YAML (did not find expected key, in what starts in line 1): the indentation"),
        ("hosts:\n  hv1\nvms\nrules: []\n", "4: no valid YAML (could not find expected ':'"),
        ("hosts: {[}\n", "1: no valid YAML (did not find expected node content"),
        ('hosts: "a\\qb"\n', "1: no valid YAML (found unknown escape character): a backslash in double quotes"),
    ],
)  # fmt: skip
def test_a_syntax_error_is_one_line_in_plain_words(findings: Findings, text: str, expected: str) -> None:
    """The line, YAML's own words, and what to do."""
    found = findings(text)

    assert found[-1].startswith(expected)


def test_a_finding_stays_readable_whatever_it_quotes(findings: Findings) -> None:
    """A value of a million characters is cut in the middle; what would be right still stands at the end."""
    found = findings(f"{HOST}vms: {{A: {{id: '{'x' * 1_000_000}'}}}}\n")

    assert len(found[0]) < 700
    assert found[0].endswith("such as 6a1f0c5e-3d52-4a8b-9c1e-0f2b7d94e8a3")


def test_a_very_long_line_is_read_in_time(findings: Findings) -> None:
    """A line of quotes without end is refused as it stands, without looking back from each of them."""
    assert findings('"D:\\x ' * 1_000_000)[0].startswith("1: no valid YAML")


def test_errors_before_a_syntax_error_are_reported_too(findings: Findings) -> None:
    """What was read before YAML gave up is still checked, but nothing is called missing."""
    found = findings("hosts:\n  hv1: {addres: hv1}\nvms: {VM1: [}\n")

    assert [line.split(":")[0] for line in found] == ["2", "3"]


def test_one_file_is_one_stack(findings: Findings) -> None:
    """A second document is refused with the line where it starts."""
    assert findings(f"{HOST}vms: {{}}\n---\nhosts: {{}}\n") == [
        "3: a second document starts here; one file is one stack"
    ]


def test_duplicate_keys_name_both_lines(findings: Findings) -> None:
    """YAML readers keep the last silently: a machine would lose its declaration."""
    assert findings(f"{HOST}vms:\n  VM1: {{}}\n  'VM1': {{}}\n") == [
        "4: key 'VM1' stands here again, first in line 3; keep one of the two"
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("vms: &v {}", "anchor &v: anchors and aliases are not read"),
        ("vms: {A: {name: &a fast}}", "anchor &a"),
        ("vms: *v", "alias *v: aliases are not read; write the value out"),
        ("vms: !!python/object:os.system {}", "tag tag:yaml.org,2002:python/object:os.system: tags are not read"),
        ("vms: {A: {name: !!str x}}", "tag tag:yaml.org,2002:str"),
        ("vms: {<<: {A: {}}}", "key <<: merging is not read"),
        ("vms: {[a]: {}}", "a list cannot be a key"),
        ("vms: |\n  x", "a block text (| or >) is not read"),
        ("vms: {A: {name: 'x\n\n   y'}}", "holds a line break or control character"),
    ],
)  # fmt: skip
def test_parts_of_yaml_that_a_stack_file_does_not_use(findings: Findings, text: str, expected: str) -> None:
    """What a reviewer cannot read in place is refused with the plain way to write it."""
    found = findings(f"{HOST}{text}\n")

    assert len(found) == 1
    assert found[0].startswith("2: ")
    assert expected in found[0]


@pytest.mark.parametrize(
    ("key", "means"), [("yes", "true or false"), ("1", "a number"), ("0x10", "a number"), ("~", "nothing")]
)
def test_a_key_that_yaml_reads_otherwise(findings: Findings, key: str, means: str) -> None:
    """Norway is not false: labels that are no text to YAML belong in quotes."""
    assert findings(f"{HOST}vms: {{{key}: {{}}}}\n") == [
        f"2: key {key}: YAML reads {means}; put it in quotes: '{key}'"
    ]


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        (r'"D:\Hyper-V\test"', r"'D:\Hyper-V\test'"),
        (r'"D:\test\"', r"'D:\test\'"),
        (r'"D:\\Hyper-V\test"', r"'D:\Hyper-V\test'"),
        (r'"\\sofs\vms"', r"'\\sofs\vms'"),
        (r'"D:\Network"', r"'D:\Network'"),
        (r'"D:\O' + "'" + r'Brien"', r"'D:\O''Brien'"),
    ],
)  # fmt: skip
def test_a_windows_path_in_double_quotes(findings: Findings, written: str, meant: str) -> None:
    r"""In "D:\test" YAML reads a tab or fails: the finding shows the single-quoted spelling, and nothing else fails."""
    assert findings(f"{HOST}vms:\n  VM1: {{storage: {written}}}\n") == [
        rf"3: {written}: in double quotes a backslash starts an escape (\t is a tab); write {meant}"
    ]


def test_double_quoted_paths_in_comments_and_texts_are_left_alone(load_text: Load) -> None:
    """Only values are looked at."""
    stack = load_text(f'{HOST}# see "D:\\test"\nvms:\n  VM1: {{name: \'say "D:\\x"\'}} # or "D:\\y"\n')

    assert stack.vms["VM1"].name == 'say "D:\\x"'


def test_escapes_for_letters_are_read(load_text: Load) -> None:
    """Tools that write plain ASCII escape other letters."""
    assert load_text(f'{HOST}vms: {{"\\u30c6\\xe9": {{}}}}\n').vms["テé"].name == "テé"


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"hosts:\n  hv\xff: {}\n", "2: byte 0xff is no UTF-8; save the file as UTF-8 text"),
        ("hosts: {}\n".encode("utf-16"), "1: is UTF-16; save it as UTF-8"),
        ("hosts: {}\n".encode("utf-32"), "1: is UTF-32; save it as UTF-8"),
        (b"hosts:\r\n\r\n  a\0b: 1\n", "3: character U+0000 does not belong in a text file; remove it"),
        (b"\x89PNG\r\n\x1a\n\0\0", "1: byte 0x89 is no UTF-8; save the file as UTF-8 text"),
        ("hosts: a\u2028b\n".encode(), "1: character U+2028 does not belong in a text file; remove it"),
    ],
)  # fmt: skip
def test_bytes_that_are_no_text(findings: Findings, content: bytes, expected: str) -> None:
    """A binary or wrongly encoded file is one line, with the place of the first bad byte."""
    assert findings(content) == [expected]


@pytest.mark.parametrize(
    "deep", ["[" * 100_000, "{a: " * 5_000, "- " * 50_000, "".join(f"{' ' * n}a:\n" for n in range(200))]
)
def test_nesting_is_bounded(findings: Findings, deep: str) -> None:
    """A file nested to crash a parser is refused long before."""
    assert findings(deep)[-1].endswith("nested deeper than 16 levels; a stack file needs 6")


def test_a_file_of_endless_values_is_refused(findings: Findings) -> None:
    """A file that would fill memory is refused, by size or by number of values."""
    assert findings(b"#" * (16 * 1024 * 1024 + 1)) == [
        "1: is larger than 16 MiB; a stack file is a short YAML text"
    ]


def test_an_alias_bomb_stays_small(findings: Findings) -> None:
    """Aliases are never expanded."""
    bomb = "a0: &a0 [x]\n" + "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 9))

    assert any("alias *a7" in line for line in findings(bomb))


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("hv1", "text"), ("y", "text"), ("No", "boolean"), ("oN", "text"), ("null", "null"), ("~", "null"),
        ("0", "integer"), ("-12", "integer"), ("+3", "integer"), ("012", "number"), ("0o17", "number"),
        ("0xFF", "number"), ("1_000", "number"), ("1:30", "number"), ("1.5", "number"), (".5", "number"),
        ("1e3", "number"), (".inf", "number"), ("-.INF", "number"), (".nan", "number"), ("10.0.0.1", "text"),
        ("8 GiB", "text"), ("10%", "text"), ("00000000-0000-4000-8000-000000000001", "text"), ("-", "text"),
        ("1.2.3", "text"), ("2026-01-01", "text"), ("192.168.1.1:5986", "text"),
    ],
)  # fmt: skip
def test_what_yaml_takes_a_plain_text_for(text: str, kind: str) -> None:
    """What either YAML 1.1 or 1.2 reads as no text is no text to us: both kinds of tools will read the file."""
    assert plain_kind(text) == kind


@pytest.mark.parametrize(
    "text", ["a: {b: ['x', \"y\\\\z\", 1, ~]}\nc:\n- d: D:\\x\n  e:\n", '- é\n- {ü: "\\u00e9"}\n']
)
def test_both_parsers_give_one_tree(text: str) -> None:
    """Where libyaml is missing PyYAML's own parser gives the same values in the same lines."""
    trees = []
    if not yaml.__with_libyaml__:
        pytest.skip("PyYAML was built without libyaml here: there is one parser only")
    for loader in (yaml.SafeLoader, yaml.CSafeLoader):
        builder = _TreeBuilder(text.split("\n"), collected.Findings(Path("f")))
        builder.consume(yaml.parse(text, Loader=loader))
        trees.append(builder.root())

    assert trees[0] == trees[1]
