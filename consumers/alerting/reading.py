"""A rules file, read and judged: all rules, or every fault with its line and what would be right."""

from functools import cache
from importlib.resources import files
from typing import Any, Final

from yaml import MappingNode

from consumers.alerting import readers
from consumers.alerting.durations import duration_text
from consumers.alerting.kinds import many
from consumers.alerting.kinds.many import MANY, Many
from consumers.alerting.kinds.table import KINDS
from consumers.alerting.readers import Read, read
from consumers.alerting.rules import SELECTABLE, SEVERITIES, Rule, Rules
from consumers.alerting.yaml_nodes import Faults, Node, Wrong, compose, guess

FIELDS: Final = (
    "name",
    "kind",
    "severity",
    "for",
    "resolve_after",
    "only",
    "never",
    "labels",
    "summary",
    "annotations",
    "log_upload",
)
"""What every rule can say, besides the parameters of its kind."""

WORDS: Final = (
    "station",
    "place",
    "since",
    "for",
    "rule",
    "evse",
    "connector",
    "transaction",
    "site",
    "tenant",
    "vendor",
    "model",
    "firmware",
    "severity",
)
"""The words that the texts of every rule can use; a kind adds its own."""

RESERVED: Final = ("alertname", "severity", "station", "evse", "connector", "transaction", "site")

SOONER_MS: Final = 60_000
"""A group must speak so much sooner than the single ones that it speaks for."""

REQUIRED: Final = ("name", "of")
"""What a rule has to say; the second only where it counts another."""

ALL_KINDS: Final = (*KINDS, MANY)


def read_rules(text: str) -> Rules:
    """The rules of a file. Raises Faults with all that is wrong."""
    root = compose(text)
    rules = _whole(root)
    if root.faults:
        raise Faults(root.faults)
    return rules


@cache
def default_text() -> str:
    """The rules that are shipped, as text."""
    return files("consumers.alerting").joinpath("defaults.yaml").read_text(encoding="utf-8")


@cache
def default_rules() -> Rules:
    """The rules that are shipped."""
    return read_rules(default_text())


def _whole(root: Node) -> Rules:
    fields = root.fields(("rules", "defaults", "without"))
    rules: dict[str, Rule] = {}
    if "defaults" in fields and read(fields["defaults"], readers.flag):
        rules = {rule.name: rule for rule in default_rules()}
    for item in fields["without"].items() if "without" in fields else []:
        name = read(item, readers.text, "")
        if name and rules.pop(name, None) is None:
            item.fault(f"there is no default rule {name}{guess(name, rules)}")
    places: dict[str, Node] = {}
    for item in fields["rules"].items() if "rules" in fields else []:
        rule = _rule(item)
        if rule is None:
            continue
        if rule.name in places:
            item.fault(f"a rule {rule.name} stands there already, in line {places[rule.name].line}")
        places[rule.name] = item
        rules[rule.name] = rule
    if not rules and not root.faults:
        root.fault("has no rules")
    for rule in rules.values():
        _judge_together(rule, rules, places.get(rule.name, root))
    return tuple(rules.values())


def _rule(node: Node) -> Rule | None:
    before = len(node.faults)
    kind = _kind(node)
    if kind is None:
        return None
    known = KINDS.get(kind)
    parameters = Many if known is None else known.parameters
    of_kind = readers.parameter_readers(parameters)
    fields = node.fields((*FIELDS, *of_kind))
    for name in REQUIRED[: 2 if known is None else 1]:
        if name not in fields:
            node.fault(f"has no {name}")
    own = {name: read(value, of_kind[name]) for name, value in fields.items() if name in of_kind}

    def said(name: str, reader: Read, default: Any) -> Any:
        return read(fields[name], reader, default) if name in fields else default

    words = (*WORDS, *(known.says if known else many.SAYS))
    common = {
        "name": said("name", readers.name, ""),
        "severity": said("severity", readers.one_of(*SEVERITIES), "warning"),
        "for_ms": said("for", readers.duration, known.for_ms if known else many.FOR_MS),
        "resolve_after_ms": said(
            "resolve_after", readers.positive_duration, known.resolve_after_ms if known else None
        ),
        "labels": _texts(fields.get("labels"), None),
        "summary": _template(fields.get("summary"), words, known.summary if known else many.SUMMARY),
        "annotations": _texts(fields.get("annotations"), words),
        "only": _chosen(fields.get("only")),
        "never": _chosen(fields.get("never")),
        "log_upload": said("log_upload", readers.flag, default=False),
    }
    if len(node.faults) > before:
        return None
    return Rule(kind=kind, parameters=parameters(**own), **common)


def _kind(node: Node) -> str | None:
    """What kind of rule it is, which decides what else it may say."""
    if not isinstance(node.node, MappingNode):
        node.fault("is no rule; write name: and kind:")
        return None
    at = Node(node.node, node.path, []).fields().get("kind")
    if at is None:
        node.fault(f"has no kind; kinds are {', '.join(ALL_KINDS)}")
        return None
    kind: str | None = read(at._replace(faults=node.faults), readers.one_of(*ALL_KINDS))
    return kind


def _texts(node: Node | None, words: tuple[str, ...] | None) -> dict[str, str]:
    """Labels, or with `words` annotations, whose texts may use them."""
    if node is None:
        return {}
    found = {}
    for name, value in node.fields().items():
        try:
            readers.label(name, RESERVED if words is None else ())
        except Wrong as wrong:
            value.fault(str(wrong))
        found[name] = _template(value, words, "") if words else read(value, readers.text, "")
    return found


def _template(node: Node | None, words: tuple[str, ...], default: str) -> str:
    if node is None:
        return default
    given: str = read(node, readers.text, "")
    try:
        readers.template(given, words)
    except Wrong as wrong:
        node.fault(str(wrong))
    return given


def _chosen(node: Node | None) -> dict[str, tuple[str, ...]]:
    if node is None:
        return {}
    return {name: read(value, readers.globs, ()) for name, value in node.fields(SELECTABLE).items()}


def _judge_together(rule: Rule, rules: dict[str, Rule], node: Node) -> None:
    """What shows only when the rules are seen together: whom a group rule counts."""
    asked = rule.parameters
    if not isinstance(asked, Many):
        if rule.log_upload and rule.kind in ("station_offline", "log_upload_failed"):
            node.fault(f"{rule.name}: log_upload makes no sense for {rule.kind}: it could not be carried out")
        return
    counted = rules.get(asked.of)
    if counted is None or counted.kind == MANY:
        near = guess(asked.of, [name for name, other in rules.items() if other.kind != MANY])
        node.fault(f"{rule.name}: of: there is no rule {asked.of} that could be counted{near}")
    elif asked.suppress and rule.for_ms + SOONER_MS > counted.for_ms:
        longest = duration_text(max(0, counted.for_ms - SOONER_MS))
        node.fault(
            f"{rule.name}: for: speaks too late to speak for {asked.of}, which has "
            f"{duration_text(counted.for_ms)}; write at most {longest}, or suppress: false"
        )
    for name, words in (("by", many.BY), ("because", many.BECAUSE)):
        given = getattr(asked, name)
        if given not in words:
            node.fault(f"{rule.name}: {name}: {given!r} is none of {', '.join(words)}{guess(given, words)}")
    if rule.only or rule.never or rule.log_upload:
        node.fault(f"{rule.name}: only, never and log_upload belong to the rule that is counted, {asked.of}")
