"""A stack file with some values changed: nothing else of it is."""

from __future__ import annotations

import difflib

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from hyperv_placement.errors import PlacementError
from hyperv_placement.stackfile.editing import Editor

TEXT = """\
# what this is
vms:
  A:   { host: hv1,   storage: 'D:\\x' }   # why   A
  B:
    host: [hv1, hv2]  # any
    storage:
        disks:
            os.vhdx: D:\\y   # here

  # of C
  C:
    host:
    - hv1 # one
    - "hv2" # two
# the end
"""


def changed(old: str, new: str) -> list[str]:
    """Return the lines that went and came."""
    return [line for line in difflib.ndiff(old.splitlines(), new.splitlines()) if line[0] in "+-"]


def test_a_value_is_written_over_another() -> None:
    """The line keeps its blanks and its comment."""
    editor = Editor(TEXT)
    editor.put("hv2", "vms", "A", "host")
    assert changed(TEXT, editor.text()) == [
        "-   A:   { host: hv1,   storage: 'D:\\x' }   # why   A",
        "+   A:   { host: hv2,   storage: 'D:\\x' }   # why   A",
    ]


def test_a_value_keeps_its_quotes_and_gets_those_it_needs() -> None:
    """What YAML 1.1 or a flow mapping would misread is quoted; paths stand in single quotes."""
    editor = Editor("a: {b: \"x\", c: 'x', d: x, e: x}\nf: x\ng: x\n")
    for key, value in (("b", "y"), ("c", "y"), ("d", "no"), ("e", "y, z]")):
        editor.put(value, "a", key)
    editor.put("D:\\it's", "f")
    editor.put("# x: y", "g")
    assert editor.text() == "a: {b: \"y\", c: 'y', d: 'no', e: 'y, z]'}\nf: 'D:\\it''s'\ng: '# x: y'\n"


def test_a_tab_after_a_colon_is_a_blank_and_stays() -> None:
    """The loader reads it so; the two have one opinion of what is YAML."""
    text = "vms:\n  A:\t{host:\thv1}\t# tab\n  B:\n    host:\thv1\n"
    editor = Editor(text)
    editor.put("hv2", "vms", "A", "host")
    editor.put("hv2", "vms", "B", "host")
    assert editor.text() == text.replace("hv1", "hv2")


def test_lists_and_mappings_get_one_more() -> None:
    """In their own form: behind the last in a line, on a line of its own in a block, before what follows."""
    editor = Editor(TEXT)
    editor.append("hv3", "vms", "B", "host")
    editor.append("hv3", "vms", "C", "host")
    editor.put("E:\\c", "vms", "C", "storage")
    editor.put({"folder": "fast", "disks": {"SCSI 0:1": "D:\\b"}}, "vms", "B", "storage", "more")
    assert [line for line in changed(TEXT, editor.text()) if line[0] == "+"] == [
        "+     host: [hv1, hv2, hv3]  # any",
        "+         more: {folder: fast, disks: {'SCSI 0:1': 'D:\\b'}}",
        '+     - "hv3"',
        "+     storage: 'E:\\c'",
    ]
    assert yaml.safe_load(editor.text())["vms"]["C"] == {"host": ["hv1", "hv2", "hv3"], "storage": "E:\\c"}


def test_line_ends_and_a_byte_order_mark_stay() -> None:
    """A file of Windows stays one."""
    text = "\ufeff" + TEXT.replace("\n", "\r\n")
    editor = Editor(text)
    editor.put("hv2", "vms", "A", "host")
    editor.append("hv3", "vms", "C", "host")
    new = editor.text()
    assert new.startswith("\ufeff# what")
    assert new.count("\r\n") == new.count("\n") == text.count("\n") + 1


def test_what_cannot_be_written_is_an_error() -> None:
    """A list where a value is wanted, no list where one is, a key of what is no mapping, and text that is no YAML."""
    editor = Editor(TEXT)
    for broken in (
        lambda: editor.put("x", "vms", "B", "host"),
        lambda: editor.append("x", "vms", "A", "host"),
        lambda: editor.put("x", "vms", "A", "host", "more"),
        lambda: Editor("a: ["),
    ):
        with pytest.raises(PlacementError):
            broken()


@given(
    st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "S", "Zs")), min_size=1)
    .map(str.strip)
    .filter(bool)
)
def test_any_text_is_read_back(text: str) -> None:
    """Whatever stands in a name or a path, in a line and in a block, as key and as value."""
    editor = Editor("a: {b: x}\nc:\n  d: x\n")
    editor.put(text, "a", "b")
    editor.put(text, "c", "d")
    editor.put({text: text}, "c", "e")
    assert yaml.safe_load(editor.text()) == {"a": {"b": text}, "c": {"d": text, "e": {text: text}}}


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("dash", ["- ", "  - "])
def test_a_block_list_is_overwritten_by_one_value_on_the_line_of_its_key(newline: str, dash: str) -> None:
    """However far in it stands; a comment behind the key stays, and so does what follows."""
    lines = [
        "vms:",
        "  A:",
        "    host: # any",
        f"    {dash}hv1",
        f"    {dash}hv2 # old",
        "    name: web",
        "  B: {host: hv1}",
        "",
    ]
    editor = Editor(newline.join(lines))
    editor.overwrite("hv2", "vms", "A", "host")
    assert editor.text() == newline.join(
        ["vms:", "  A:", "    host: hv2 # any", "    name: web", "  B: {host: hv1}", ""]
    )


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("{a: 1, m: [x], b: 2}", "{a: 1, b: 2}"),
        ("{a: 1, m: [x]}", "{a: 1}"),
        ("{m: [x], b: 2}", "{b: 2}"),
        ("{m: [x]}", "{}"),
        ('{"a": 1, "m": ["x"]}\n', '{"a": 1}\n'),
    ],
)
def test_the_last_item_goes_with_its_key_in_one_line_too(text: str, left: str) -> None:
    """A file that is JSON is one, and what `drain` wrote into it `return` takes out."""
    editor = Editor(text)
    editor.remove(0, "m")
    assert editor.text() == left
