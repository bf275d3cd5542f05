"""Pages and lists of live hosts as values, and what becomes of the two together."""

from __future__ import annotations

from tools.wmi_schema import pages, trees
from tools.wmi_schema.merge import Merger

PAGE = """# Msvm\\_Thing class

``` syntax
[Association, Dynamic, Provider("VmmsWmiInstanceAndMethodProvider"), AMENDMENT]
class Msvm_Thing : CIM_Base
{
  datetime Delay;
  unit16   States[] = { 2, 5 };
  boolean  Enabled = True;
  string   Gone;
  CIM_Base REF Owner;
  uint16   Kind;
};
```

<dl> <dt>

**Delay**
</dt> <dd> <dl> <dt>

Data type: **datetime**
</dt> <dt>

Qualifiers: [**SubType**](/x) ("interval")
</dt> </dl>

> Added in Windows 10, version 1709.

</dd> <dt>

**Gone**
</dt> <dd> <dl> <dt>

Data type: **string**
</dt> </dl>

> Added in Windows 10; removed in Windows 10, version 1703.

</dd> <dt>

**Kind**
</dt> <dd> <dl> <dt>

Data type: **uint16**
</dt> </dl>

<span id="X"></span>**X** (1)

> Added in Windows 10 and Windows Server 2016.

</dd> </dl>

| Minimum supported server<br/> | Windows Server 2016<br/> |
"""
NEWER = """// Msvm_Thing struct
type Msvm_Thing struct {
\t*CIM_Base

\t// words
\tDelay string

\t//
\tStates []Thing_States

\t//
\tEnabled bool

\t//
\tOwner CIM_Base

\t//
\tKind Thing_Kind

\t//
\tFresh []uint8
}
"""
BASE = """type CIM_Base struct {
\t*cim.WmiInstance

\t//
\tName string
}
"""


def test_what_a_page_says_of_a_class() -> None:
    """Types, arrays, references, defaults; the date of the property itself, not that of one of its values."""
    page = pages.read(PAGE)
    assert page is not None
    assert (page.name, page.base, page.since) == ("Msvm_Thing", "CIM_Base", 14393)
    assert {"association", "dynamic"} <= page.flags
    found = page.properties
    assert (found["States"].type, found["States"].array) == ("uint16", True)
    assert (found["Delay"].interval, found["Delay"].since) == (True, 16299)
    assert (found["Gone"].since, found["Gone"].until) == (14393, 15063)
    assert found["Owner"].reference
    assert found["Kind"].since == 0
    assert pages.read("# No class here") is None


def test_what_a_list_says_of_a_class() -> None:
    """Its superclass, its own properties; an enumeration has no type there, and a file without a class is none."""
    found = trees.read(NEWER)
    assert found is not None
    assert (found.name, found.base) == ("Msvm_Thing", "CIM_Base")
    assert (found.properties["Fresh"].type, found.properties["Fresh"].array) == ("uint8", True)
    assert (found.properties["Kind"].type, found.properties["Owner"].object) == ("", "CIM_Base")
    assert trees.read("type Thing_Kind int\n") is None


def test_both_together() -> None:
    """The list says what there is, the page its type; what the newer host alone has came with that host's build."""
    page, newer, base = pages.read(PAGE), trees.read(NEWER), trees.read(BASE)
    assert page
    assert newer
    assert base
    older = trees.read(NEWER.replace("\tFresh []uint8\n", ""))
    assert older
    merger = Merger(
        {"Msvm_Thing": ("page.md", page)},
        {"Msvm_Thing": older, "CIM_Base": base},
        {"Msvm_Thing": newer, "CIM_Base": base},
        keep_unlisted=False,
    )
    assert merger.classes(["Msvm_Thing"]) == {
        "CIM_Base": {"properties": {"Name": "string"}},
        "Msvm_Thing": {
            "super": "CIM_Base",
            "page": "page.md",
            "since": 14393,
            "association": True,
            "properties": {
                "Delay": "interval since 16299",
                "Enabled": "boolean",
                "Fresh": "uint8[] since 25398",
                "Gone": "string since 14393 until 15063",
                "Kind": "uint16",
                "Owner": "CIM_Base ref",
                "States": "uint16[]",
            },
            "defaults": {"States": [2, 5], "Enabled": True},
        },
    }
