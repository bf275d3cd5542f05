"""The WQL parser by itself."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hyperv_placement.wsman import VIRTUALIZATION, Instance, wql
from lab.wmi.classes import class_named
from lab.wmi.columns import Columns
from lab.wmi.conditions import test_of as condition_test
from lab.wmi.tokens import QueryError, QueryNotServedError
from lab.wmi.wql import Both, Comparison, Either, Not, parse

SYSTEM = "Msvm_ComputerSystem"
FOUND = class_named(VIRTUALIZATION, SYSTEM)
assert FOUND is not None
COLUMNS = Columns(found=FOUND, server="HV1")


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
    fits = condition_test(where, COLUMNS)
    assert fits(Instance(SYSTEM, {"ElementName": prefix + rest}))
    assert not fits(Instance(SYSTEM, {"ElementName": "\x01" + prefix}))


@given(st.text(max_size=40))
def test_no_text_breaks_the_parser(text: str) -> None:
    """Whatever comes, it is a query, or one of two errors."""
    try:
        parse(text)
    except (QueryError, QueryNotServedError):
        return
    assert text.strip().lower().startswith("select")


def test_null_fits_no_comparison() -> None:
    """A NULL is neither equal nor unequal to anything; only IS NULL finds it."""
    row = Instance(SYSTEM, {"ProcessID": None})
    for where in ("ProcessID = 1", "ProcessID <> 1", "ProcessID < 1"):
        assert not condition_test(parse(f"SELECT * FROM T WHERE {where}").where, COLUMNS)(row)  # noqa: S608
    assert condition_test(parse("SELECT * FROM T WHERE ProcessID IS NULL").where, COLUMNS)(row)


@pytest.mark.parametrize(
    "where",
    [
        "Name LIKE 5", "Name = ", "Name IS 5", "= 5", "Name ! 5", "NOT", "5 = 5", "5 LIKE Name", "Name = Caption",
        "Name IS NOT 'x'", "Name ISA System", "(Name = 'a'", "Name = 'a' Name = 'b'", "Name = 'a", "Name = 'a' AND",
    ],
)  # fmt: skip
def test_half_conditions_are_none(where: str) -> None:
    """Conditions that lack a part, or have it in the wrong place."""
    with pytest.raises(QueryError):
        parse(f"SELECT * FROM T WHERE {where}")  # noqa: S608


def test_any_of_several_numbers_beside_a_prefix() -> None:
    """OR binds weaker than AND: our query says which is meant."""
    query = wql.select(SYSTEM, where={"EnabledState": (2, 3)}, like={"Name": "A"})
    assert query.endswith("WHERE (EnabledState = 2 OR EnabledState = 3) AND Name LIKE 'A%'")
    test = condition_test(parse(query).where, COLUMNS)
    rows = [(2, "AB"), (3, "AB"), (4, "AB"), (2, "B")]
    found = [test(Instance(SYSTEM, {"EnabledState": state, "Name": name})) for state, name in rows]
    assert found == [True, True, False, False]


ROW = Instance(SYSTEM, {"Name": "HV1", "ElementName": "a", "EnabledState": 2, "OnTimeInMilliseconds": 5})


@pytest.mark.parametrize(
    ("where", "fits"),
    [
        ("2 = EnabledState", True),
        ("3 > EnabledState", True),
        ("3 < EnabledState", False),
        ("'HV1' <> Name", False),
        ("Name = __SERVER", True),
        ("Name != __SERVER", False),
        ("__SERVER <> ElementName", True),
        ("__CLASS = 'msvm_computersystem'", True),
        ("__SUPERCLASS = 'CIM_ComputerSystem'", True),
        ("__NAMESPACE = 'root\\\\virtualization\\\\v2'", True),
        ("__GENUS = 2", True),
        ("__PATH LIKE '%:Msvm[_]ComputerSystem.CreationClassName=%'", True),
        ("__this ISA 'CIM_System'", True),
        ("__this ISA 'CIM_Service'", False),
        ("__CLASS ISA 'Msvm_ComputerSystem'", True),
        ("Name ISA 'CIM_System'", False),
        ("NOT (EnabledState = 3 OR Name = 'x')", True),
        ("EnabledState = 2.0 AND EnabledState < 2.5", True),
        ("EnabledState = '+2'", True),
        ("ElementName LIKE '[a-c]'", True),
        ("ElementName LIKE '[^a-c]'", False),
        ("ElementName LIKE '[xa]'", True),
        ("ElementName LIKE '[a-]'", True),
    ],
)
def test_conditions_of_one_row(where: str, fits: bool) -> None:
    """Constants on either side, system properties, ISA, sets and ranges."""
    test = condition_test(parse(f"SELECT * FROM T WHERE {where}").where, COLUMNS)  # noqa: S608
    assert test(ROW) is fits


@pytest.mark.parametrize(
    "where", ["Roles = 'a'", "__DERIVATION = 'a'", "Nothing = 1", "EnabledState > NULL", "EnabledState = 'two'",
              "ElementName LIKE '[c-a]'", "ElementName LIKE '[^]'", "EnabledState = '1_0'",
              f"EnabledState = {'9' * 5000}", f"EnabledState = '{'9' * 5000}'"],
)  # fmt: skip
def test_conditions_that_wmi_does_not_take(where: str) -> None:
    """Arrays, unknown names, an order with NULL, texts for numbers, and sets that are none."""
    with pytest.raises(QueryError):
        condition_test(parse(f"SELECT * FROM T WHERE {where}").where, COLUMNS)(ROW)  # noqa: S608


@pytest.mark.parametrize("sign", ["<", ">", "<=", ">="])
def test_booleans_have_no_order(sign: str) -> None:
    """They are equal or not, and 1 and 0 stand for them (win32, "WHERE Clause (WMI)")."""
    found = class_named(VIRTUALIZATION, "Msvm_MemorySettingData")
    assert found is not None
    columns, row = Columns(found=found, server="HV1"), Instance(found.name, {"DynamicMemoryEnabled": True})
    query = "SELECT * FROM T WHERE DynamicMemoryEnabled"
    with pytest.raises(QueryError):
        condition_test(parse(f"{query} {sign} TRUE").where, columns)(row)
    assert condition_test(parse(f"{query} = 1").where, columns)(row)
    assert not condition_test(parse(f"{query} <> 'true'").where, columns)(row)


@pytest.mark.parametrize(
    "query",
    [
        "SELECT * FROM meta_class WHERE __CLASS LIKE '%'",
        "SELECT * FROM __InstanceModificationEvent WITHIN 5 WHERE TargetInstance ISA 'Msvm_ComputerSystem'",
        "SELECT * FROM Msvm_ComputerSystem GROUP WITHIN 10",
    ],
)
def test_what_the_lab_does_not_serve_is_no_wrong_query(query: str) -> None:
    """Schema and events: a host would run them."""
    with pytest.raises(QueryNotServedError):
        parse(query)
