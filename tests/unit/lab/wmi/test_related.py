"""ASSOCIATORS OF and REFERENCES OF by themselves: the words that each takes, and the paths in their braces."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hyperv_placement.wsman import EndpointReference, resource_uri
from lab.wmi.paths import ObjectPath, parse_path, reference_path, relative_path
from lab.wmi.related import Related, parse_related
from lab.wmi.tokens import QueryError

PATH = 'Msvm_ComputerSystem.CreationClassName="Msvm_ComputerSystem",Name="A}\'b\\"c\\\\d"'


def test_every_word_of_associators() -> None:
    """In any case and order, nothing between them, a brace within quotes is no end."""
    found = parse_related(
        f"associators of {{{PATH}}} where ASSOCCLASS=A ResultClass = B\n resultrole=C Role = D "
        "RequiredQualifier = E RequiredAssocQualifier = F KeysOnly "
    )
    assert found == Related(
        source=PATH, association_class="A", result_class="B", result_role="C", role="D", qualifier="E",
        association_qualifier="F", keys_only=True,
    )  # fmt: skip


def test_every_word_of_references() -> None:
    """REFERENCES OF has fewer."""
    found = parse_related("REFERENCES OF {X=1} WHERE RequiredQualifier = Q Role = R ClassDefsOnly")
    assert found == Related(source="X=1", references=True, qualifier="Q", role="R", class_definitions=True)
    assert parse_related("References Of{X=@}") == Related(source="X=@", references=True)


@pytest.mark.parametrize(
    "query",
    [
        "ASSOCIATORS OF {}",
        "ASSOCIATORS OF {X=1",
        'ASSOCIATORS OF {X="1}',
        "ASSOCIATORS OF X=1",
        "ASSOCIATORS OF {X=1} WHERE",
        "ASSOCIATORS OF {X=1} ResultClass = A",
        "ASSOCIATORS OF {X=1} WHERE ResultClass A",
        "ASSOCIATORS OF {X=1} WHERE ResultClass <> A",
        "ASSOCIATORS OF {X=1} WHERE ResultClass = 'A'",
        "ASSOCIATORS OF {X=1} WHERE ResultClass = A AND Role = B",
        "ASSOCIATORS OF {X=1} WHERE ResultClass = A, Role = B",
        "ASSOCIATORS OF {X=1} WHERE Role = A Role = B",
        "ASSOCIATORS OF {X=1} WHERE ResultClass = A ClassDefsOnly",
        "ASSOCIATORS OF {X=1} WHERE Name = A",
        "REFERENCES OF {X=1} WHERE AssocClass = A",
        "REFERENCES OF {X=1} WHERE ResultRole = A",
        "REFERENCES OF {X=1} WHERE RequiredAssocQualifier = A",
        "REFERENCES OF {X=1} WHERE ResultClass = A ClassDefsOnly",
    ],
)
def test_what_neither_statement_takes(query: str) -> None:
    """Each a mistake of the client by the pages of both."""
    with pytest.raises(QueryError):
        parse_related(query)


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ('A="x"', ObjectPath(class_name="A", keys={"": "x"})),
        ("A='x'", ObjectPath(class_name="A", keys={"": "x"})),
        ("A=5", ObjectPath(class_name="A", keys={"": "5"})),
        ("A=@", ObjectPath(class_name="A", keys={}, singleton=True)),
        ("A", ObjectPath(class_name="A", keys={})),
        ('A.B="x",c=TRUE', ObjectPath(class_name="A", keys={"b": "x", "c": "TRUE"})),
        (
            '\\\\HV1\\root\\virtualization\\v2:A.B="x\\\\y\\"z"',
            ObjectPath(
                server="HV1", namespace="root/virtualization/v2", class_name="A", keys={"b": 'x\\y"z'}
            ),
        ),
        (
            '//./root/cimv2:A.B=""',
            ObjectPath(server=".", namespace="root/cimv2", class_name="A", keys={"b": ""}),
        ),
        ("root\\cimv2:A=1", ObjectPath(namespace="root/cimv2", class_name="A", keys={"": "1"})),
    ],
)
def test_every_form_of_a_path(text: str, path: ObjectPath) -> None:
    """As "Describing an Instance Object Path" lists them."""
    assert parse_path(text) == path


@pytest.mark.parametrize(
    "text",
    ["", "=1", "A.", "A.B", "A.B=", 'A.B="x', 'A.B="x" ', 'A.B="x", C="y"', 'A.B="x",B="y"', 'A."x"', 'A="x",B="y"',
     'A.B="x",', "A.B=x", "\\\\HV1:A=1", "A B=1"],
)  # fmt: skip
def test_what_is_no_path(text: str) -> None:
    """Half paths, blanks between tokens, a key twice."""
    with pytest.raises(QueryError):
        parse_path(text)


NAMES = st.from_regex(r"[A-Z][A-Za-z0-9_]{0,9}", fullmatch=True)


@given(NAMES, st.dictionaries(NAMES.map(str.lower), st.text(max_size=20), min_size=1, max_size=3))
def test_a_path_is_read_as_it_was_written(class_name: str, keys: dict[str, str]) -> None:
    """Whatever quotes and backslashes the values hold."""
    assert parse_path(relative_path(class_name, keys)) == ObjectPath(class_name=class_name, keys=keys)


@given(st.text(max_size=60))
def test_no_text_breaks_the_readers(text: str) -> None:
    """A path or a QueryError; a statement or a QueryError."""
    for read in (
        parse_path,
        parse_related,
        lambda each: parse_related(f"ASSOCIATORS OF {{{each}}} WHERE {each}"),
    ):
        try:
            read(text)
        except QueryError:
            continue


def test_a_key_that_is_a_reference_is_a_path_in_quotes() -> None:
    """Backslashes doubled once more for each level."""
    machine = EndpointReference(resource_uri("A"), {"Name": "x\\y"})
    link = EndpointReference(resource_uri("B"), {"End": machine, "__cimnamespace": "root/virtualization/v2"})
    assert reference_path(machine, "HV1") == '\\\\HV1\\root\\virtualization\\v2:A.Name="x\\\\y"'
    read = parse_path(reference_path(link, "HV1"))
    assert read.keys == {"end": reference_path(machine, "HV1")}
