"""Names of stacks and of resources: of their grammar, or none."""

from __future__ import annotations

import pytest

from hyperv_placement.errors import StackNameError
from hyperv_placement.model.names import stack_name
from hyperv_placement.model.urn import COMPONENT, Urn, read_urn

TYPE = "pulumi-python:hv:Vm"


@pytest.mark.parametrize("text", ["lab", "prod-2", "a.b_c", "-", "..a", "L" * 100])
def test_a_name_of_a_stack_is_taken_as_it_is(text: str) -> None:
    """As Pulumi takes it."""
    assert stack_name(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "", ".", "..", "...", "x/evil", "../x", "/etc/x", "x\\evil", "C:x", "a b", "a\nb", "lab\n", "l\u0430b", "\uff4cab", "\u0663",
        "a\x00", "%2e%2e", "~", "$HOME", "L" * 101, "organization/project/lab",
    ],
)  # fmt: skip
def test_what_may_lead_elsewhere_is_no_name_of_a_stack(text: str) -> None:
    """Said in a line that shows nothing as the terminal would take it."""
    with pytest.raises(StackNameError) as caught:
        stack_name(text)
    assert str(caught.value).isprintable()
    assert str(caught.value).isascii()


def test_a_resource_is_read_in_parts() -> None:
    """The type comes without its parent's; a label may hold anything, the sign between parts too."""
    assert read_urn(f"urn:pulumi:lab::shop::a:b:Parent${TYPE}::a::b/../c") == Urn(
        stack=stack_name("lab"), project="shop", type=TYPE, label="a::b/../c"
    )


def test_a_resource_of_a_component_belongs_to_the_stack_file_of_its_name() -> None:
    """Wherever the component stands in a larger program; the key may hold the sign that parts it from the component's name."""
    above = f"my:own:Site${COMPONENT}"
    found = read_urn(f"urn:pulumi:prod::shop::{above}${TYPE}::east/a/b")
    assert (found.declared_by, found.label, found.type) == ("east", "a/b", TYPE)
    assert (found.stack, found.project) == ("prod", "shop")
    assert read_urn(f"urn:pulumi:prod::shop::{TYPE}::east/a").declared_by == "prod"


@pytest.mark.parametrize("name", ["VM001", "../VM001", "/VM001"])
def test_a_component_is_named_as_a_stack_file(name: str) -> None:
    """Its name is part of paths, so that it has the grammar of a stack's."""
    with pytest.raises((ValueError, StackNameError)):
        read_urn(f"urn:pulumi:lab::shop::{COMPONENT}${TYPE}::{name}")


@pytest.mark.parametrize(
    "text",
    [
        "", "lab", "urn:pulumi:lab", f"urn:pulumi:lab::shop::{TYPE}", f"urn:other:lab::shop::{TYPE}::x",
        f"urn:pulumi:lab::sh/op::{TYPE}::x", f"urn:pulumi:lab::::{TYPE}::x", "urn:pulumi:lab::shop::::x",
        "urn:pulumi:lab::shop::a b::x", f"urn:pulumi:lab::{'p' * 101}::{TYPE}::x",
    ],
)  # fmt: skip
def test_what_is_no_resource_is_refused(text: str) -> None:
    """Part by part."""
    with pytest.raises(ValueError, match=r"has not the four parts|does not begin|is no "):
        read_urn(text)


@pytest.mark.parametrize("stack", ["x/evil", "..", ""])
def test_a_resource_of_a_stack_that_is_none_is_refused(stack: str) -> None:
    """By the grammar of stacks."""
    with pytest.raises(StackNameError):
        read_urn(f"urn:pulumi:{stack}::shop::{TYPE}::x")
