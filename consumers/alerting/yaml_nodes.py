"""YAML read with its places: each value knows its line and its path, and each fault is told with both."""

import difflib
from collections.abc import Iterable
from typing import NamedTuple

import yaml

from service.documents import UnreadableDocument, judge


class Fault(NamedTuple):
    """One thing that is wrong, where it is, and what would be right. `line` counts from 1."""

    line: int
    path: str
    why: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.path}: {self.why}" if self.path else f"line {self.line}: {self.why}"


class Faults(Exception):
    """A file that is not valid; holds every fault."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(sorted(faults))
        super().__init__("\n".join(map(str, self.faults)))


class Wrong(Exception):
    """A value is not what it should be; says what would be right."""


class Node(NamedTuple):
    """A value of the file; `faults` is the list to which whoever reads it adds what is wrong."""

    node: yaml.Node
    path: str
    faults: list[Fault]

    @property
    def line(self) -> int:
        return int(self.node.start_mark.line) + 1

    def fault(self, why: str) -> None:
        self.faults.append(Fault(self.line, self.path, why))

    def value(self) -> object:
        """As plain Python."""
        loader = yaml.SafeLoader("")
        try:
            return loader.construct_document(self.node)
        except yaml.YAMLError as error:
            raise Wrong(_in_words(error)) from None
        finally:
            loader.dispose()

    def items(self) -> list["Node"]:
        """Of a list, its items; of anything else a fault, and none."""
        if not isinstance(self.node, yaml.SequenceNode):
            self.fault("is no list")
            return []
        return [
            Node(item, f"{self.path}[{number}]", self.faults) for number, item in enumerate(self.node.value)
        ]

    def fields(self, known: Iterable[str] | None = None) -> dict[str, "Node"]:
        """Of a mapping, its values by their names; of anything else a fault, and none. Names must be `known`."""
        if not isinstance(self.node, yaml.MappingNode):
            self.fault("is no mapping of names to values")
            return {}
        names = None if known is None else sorted(known)
        found: dict[str, Node] = {}
        for key, value in self.node.value:
            name = str(key.value)
            path = f"{self.path}.{name}" if self.path else name
            at = Node(key, path, self.faults)
            if name in found:
                at.fault("stands there twice")
            elif names is not None and name not in names:
                at.fault(f"is not known here{guess(name, names)}; known are {', '.join(names)}")
            else:
                found[name] = Node(value, path, self.faults)
        return found


def guess(name: str, known: Iterable[str]) -> str:
    """The known name that was meant, to be added to a complaint; empty where nothing is near."""
    near = difflib.get_close_matches(name, list(known), n=1, cutoff=0.5)
    return f"; did you mean {near[0]}?" if near else ""


def compose(text: str) -> Node:
    """The file's root. Raises Faults where it is no YAML, empty, or too much to read."""
    try:
        judge(text)
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except UnreadableDocument as error:
        raise Faults([Fault(error.line, "", error.why)]) from None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise Faults([Fault(mark.line + 1 if mark else 1, "", f"is no YAML: {_in_words(error)}")]) from None
    except yaml.YAMLError as error:
        raise Faults([Fault(1, "", f"is no YAML: {_in_words(error)}")]) from None
    if root is None:
        raise Faults([Fault(1, "", "is empty")])
    return Node(root, "", [])


def _in_words(error: yaml.YAMLError) -> str:
    told = error.problem if isinstance(error, yaml.MarkedYAMLError) else str(error)
    return str(told).splitlines()[0]
