"""A file of tariffs, and whom they are for. YAML, of which JSON is a part.

```yaml
country_code: DE        # of all tariffs that do not say their own, as are party_id and last_updated
party_id: ABC
last_updated: 2026-01-01T00:00:00Z
tariffs:                # the Tariff objects of OCPI 2.2.1
  - id: standard
    currency: EUR
    elements:
      - price_components:
          - {type: ENERGY, price: 0.49, vat: 19, step_size: 1}
assignments:            # the most specific counts; the first of those that are equal
  - tariff: standard    # everybody, everywhere
  - tariff: staff
    tokens: ["04A2B9"]
```

A tariff may stand several times under its id, each from another `start_date_time` on: its versions.
"""

import re
from collections.abc import Hashable, Iterator
from decimal import Decimal
from typing import Annotated, Any

import msgspec
import yaml
from msgspec import Meta

from consumers.billing.tariffs.checking import tariff_faults
from consumers.billing.tariffs.model import Tariff
from consumers.billing.tariffs.shapes import misshapen
from contract.cdrs import OcpiValue
from contract.checking import Fault
from service.documents import UnreadableDocument, judge

Name = Annotated[str, Meta(min_length=1)]

_OWNED = ("country_code", "party_id", "last_updated")


class Assignment(OcpiValue, frozen=True, kw_only=True):
    """For whom a tariff is: one of these tokens, at one of these stations, in one of these groups of stations.

    Of each that is said one must be met; what is not said is met by all. `tokens` are idTokens or the groups
    of idTokens.
    """

    tariff: Name
    tokens: tuple[Name, ...] = ()
    stations: tuple[Name, ...] = ()
    groups: tuple[Name, ...] = ()


class TariffBook(OcpiValue, frozen=True, kw_only=True):
    """Tariffs, each complete, and their assignments, in the order of the file."""

    tariffs: Annotated[tuple[Tariff, ...], Meta(min_length=1)]
    assignments: tuple[Assignment, ...] = ()


def read(text: str) -> TariffBook | list[Fault]:
    """The book of a file, or everything that is wrong with it."""
    try:
        judge(text)
        data = yaml.load(text, _Loader)  # noqa: S506 - a SafeLoader, that knows less
    except UnreadableDocument as error:
        return [Fault("", str(error))]
    except yaml.YAMLError as error:
        return [Fault("", f"no YAML: {' '.join(str(error).split())}")]
    found = list(_shape_faults(data))
    if found:
        return found
    book = msgspec.convert({"assignments": [], **data, "tariffs": _owned(data)}, TariffBook)
    return list(_faults(book)) or book


def _shape_faults(data: Any) -> Iterator[Fault]:
    if not isinstance(data, dict):
        yield Fault("", "no tariff file: it has `tariffs` and `assignments`")
        return
    owned = {**data, "tariffs": _owned(data)} if "tariffs" in data else data
    yield from misshapen({name: owned[name] for name in owned if name not in _OWNED}, TariffBook)


def _owned(data: dict[str, Any]) -> Any:
    """The tariffs with what the file says of all of them."""
    tariffs = data["tariffs"]
    if not isinstance(tariffs, list):
        return tariffs
    owner = {name: data[name] for name in _OWNED if name in data}
    return [{**owner, **tariff} if isinstance(tariff, dict) else tariff for tariff in tariffs]


def _faults(book: TariffBook) -> Iterator[Fault]:
    seen = set()
    for number, tariff in enumerate(book.tariffs):
        version = (tariff.id, tariff.start_date_time)
        if version in seen:
            yield Fault(f"/tariffs/{number}", f"a second {tariff.id!r} from the same start_date_time on")
        seen.add(version)
        yield from tariff_faults(tariff, f"/tariffs/{number}")
    known = {tariff.id for tariff in book.tariffs}
    for number, assignment in enumerate(book.assignments):
        if assignment.tariff not in known:
            yield Fault(f"/assignments/{number}/tariff", f"there is no tariff {assignment.tariff!r}")
        if assignment in book.assignments[:number]:
            yield Fault(f"/assignments/{number}", "said before")


class _Loader(yaml.SafeLoader):
    """YAML without its surprises.

    22:00 is a text, not 1320; 0.1 is a tenth, not nearly; and no key counts twice.
    """

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012 - PyYAML's own

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:  # noqa: FBT001, FBT002
        keys = [key.value for key, _ in node.value]
        twice = next((key for key in keys if keys.count(key) > 1), None)
        if twice is not None:
            raise yaml.constructor.ConstructorError(None, None, f"{twice!r} stands twice", node.start_mark)
        return super().construct_mapping(node, deep)

    def number(self, node: yaml.ScalarNode) -> Decimal:
        return Decimal(str(self.construct_scalar(node)))


for _tag, _pattern, _first in (
    ("merge", r"<<", "<"),
    ("bool", r"true|false", "tf"),
    ("null", r"null|~|", "n~"),
    ("int", r"-?(0|[1-9][0-9]*)", "-0123456789"),
    ("float", r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?", "-0123456789"),
):
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(f"^({_pattern})$"), [*_first, ""])
_Loader.add_constructor("tag:yaml.org,2002:float", _Loader.number)
