"""The WQL parser by itself."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hyperv_placement.wsman import Instance, wql
from lab.wmi.conditions import test_of as condition_test
from lab.wmi.tokens import QueryError
from lab.wmi.wql import Both, Comparison, Either, Not, parse

SYSTEM = "Msvm_ComputerSystem"


def test_or_binds_weaker_than_and_and_not_strongest() -> None:
    """a OR b AND NOT c is a OR (b AND (NOT c))."""
    where = parse("SELECT * FROM T WHERE a=1 OR b=2 AND NOT c=3").where
    assert isinstance(where, Either)
    assert isinstance(where.conditions[1], Both)
    assert isinstance(where.conditions[1].conditions[1], Not)


def test_a_query_in_parts() -> None:
    """Properties, class and literals of each kind; keywords and spacing do not matter."""
    found = parse("select A ,b\nFrom X Where s='it\\'s' and n=-5 and f=1.5 and t=True and z is not null")
    assert (found.class_name, found.properties) == ("X", ("A", "b"))
    assert isinstance(found.where, Both)
    literals = [each.literal for each in found.where.conditions if isinstance(each, Comparison)]
    assert literals == ["it's", -5, 1.5, True, None]


@given(st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"])))
def test_any_text_survives_our_client_s_literal(text: str) -> None:
    """What the client escapes, the parser reads back: no text can end its literal."""
    where = parse(wql.select(SYSTEM, where={"ElementName": text})).where
    assert where == Comparison(name="ElementName", operator="=", literal=text)


@given(
    st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), min_size=1), st.text(max_size=5)
)
def test_like_fits_exactly_what_starts_so(prefix: str, rest: str) -> None:
    """The client's prefix pattern fits the prefix with anything after it, whatever signs are in it."""
    where = parse(wql.select(SYSTEM, like={"ElementName": prefix})).where
    fits = condition_test(where, SYSTEM, ())
    assert fits(Instance(SYSTEM, {"ElementName": prefix + rest}))
    assert not fits(Instance(SYSTEM, {"ElementName": "\x01" + prefix}))


@given(st.text(max_size=40))
def test_no_text_breaks_the_parser(text: str) -> None:
    """Whatever comes, it is a query or a QueryError."""
    try:
        parse(text)
    except QueryError:
        return
    assert text.strip().lower().startswith("select")


def test_null_fits_no_comparison() -> None:
    """A NULL is neither equal nor unequal to anything; only IS NULL finds it."""
    row = Instance(SYSTEM, {"ProcessID": None})
    for where in ("ProcessID = 1", "ProcessID <> 1", "ProcessID < 1"):
        assert not condition_test(parse(f"SELECT * FROM T WHERE {where}").where, SYSTEM, ())(row)  # noqa: S608
    assert condition_test(parse("SELECT * FROM T WHERE ProcessID IS NULL").where, SYSTEM, ())(row)


@pytest.mark.parametrize(
    "where", ["Name LIKE 5", "Name = ", "Name IS 5", "= 5", "Name ! 5", "NOT", "5 = Name"]
)
def test_half_conditions_are_none(where: str) -> None:
    """Conditions that lack a part, or have it in the wrong place."""
    with pytest.raises(QueryError):
        parse(f"SELECT * FROM T WHERE {where}")  # noqa: S608


def test_any_of_several_numbers_beside_a_prefix() -> None:
    """OR binds weaker than AND: our query says which is meant."""
    query = wql.select(SYSTEM, where={"EnabledState": (2, 3)}, like={"Name": "A"})
    assert query.endswith("WHERE (EnabledState = 2 OR EnabledState = 3) AND Name LIKE 'A%'")
    test = condition_test(parse(query).where, SYSTEM, ())
    rows = [(2, "AB"), (3, "AB"), (4, "AB"), (2, "B")]
    found = [test(Instance(SYSTEM, {"EnabledState": state, "Name": name})) for state, name in rows]
    assert found == [True, True, False, False]
