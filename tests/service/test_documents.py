"""A file that would take minutes, memory or the stack is refused at once, with its line."""

import time

import pytest

from consumers.alerting.reading import read_rules
from consumers.alerting.yaml_nodes import Faults
from consumers.billing.tariffs import book
from consumers.billing.tariffs.book import TariffBook
from service.documents import DEEPEST, UnreadableDocument, judge

LAUGHS = 'a: &a ["x","x","x","x","x","x","x","x","x"]\n' + "".join(
    f"{name}: &{name} [{','.join([f'*{before}'] * 9)}]\n"
    for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)
HOSTILE = {
    "an alias bomb": (LAUGHS, "stands for more than"),
    "deep brackets": ("a:\n  " + "[" * 10_000 + "]" * 10_000, "nested deeper"),
    "deep braces": ("{a: " * 10_000 + "1" + "}" * 10_000, "nested deeper"),
    "a long number": ("a: 1\nb: " + "9" * 200_000, "line 2: has a number of 200,000 digits"),
    "a long number in base 60": ("b: " + "1:" * 1000 + "1", "has a number"),
    "many values": ("a: [" + "1," * 300_000 + "]", "stands for more than"),
    "a long file": ("#" * 5_000_000, "characters"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_is_refused_at_once(name: str) -> None:
    text, why = HOSTILE[name]
    began = time.process_time()
    with pytest.raises(UnreadableDocument, match=why):
        judge(text)
    assert time.process_time() - began < 10


@pytest.mark.parametrize("name", HOSTILE)
def test_tariffs_and_rules_tell_it_as_a_fault(name: str) -> None:
    text, why = HOSTILE[name]
    found = book.read(text)
    assert not isinstance(found, TariffBook)
    assert why.removeprefix("line 2: ") in found[0].why
    with pytest.raises(Faults, match=why):
        read_rules(text)


@pytest.mark.parametrize(
    "text",
    [
        "a: &a {b: 1}\nc: *a\nd: [*a, *a]",
        "[" * DEEPEST + "]" * DEEPEST,
        "a: 1234567890.123456789",
        'a: "' + "9" * 1000 + '"',
        "a: " + "some text " * 1000,
        "a: [",
        "",
    ],
)
def test_what_people_write_is_let_through(text: str) -> None:
    judge(text)
