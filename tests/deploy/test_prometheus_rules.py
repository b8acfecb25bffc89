"""The Prometheus rules are valid, and each metric that they name is one that a program exports."""

import re
import subprocess
from pathlib import Path
from typing import Any

import yaml

from consumers.alerting.metrics import AlertingMetrics
from consumers.alerting.reading import default_rules
from consumers.billing.metrics import BillingMetrics
from service.metrics import Metrics, registry_of
from tests.support.debian import program

RULES = Path(__file__).parents[2] / "deploy" / "prometheus" / "ocpp-gateway.rules.yaml"


def rules() -> list[dict[str, Any]]:
    return [rule for group in yaml.safe_load(RULES.read_text())["groups"] for rule in group["rules"]]


def exported() -> set[str]:
    """The names of all metrics that the programs export."""
    alerting, billing = Metrics("ocpp_alerting"), Metrics("ocpp_billing")
    AlertingMetrics(alerting, default_rules(), ())
    BillingMetrics(billing)
    families = list(registry_of(alerting, billing).collect())
    return {family.name for family in families} | {one.name for family in families for one in family.samples}


def test_prometheus_accepts_the_rules() -> None:
    promtool = program("promtool", "prometheus")
    subprocess.run([promtool, "check", "rules", RULES], check=True, capture_output=True, timeout=60)


def test_each_metric_of_a_rule_is_exported() -> None:
    known = exported()
    named = {name for rule in rules() for name in re.findall(r"\bocpp_\w+", rule["expr"])}
    assert named
    assert named <= known


def test_each_rule_tells_a_person_what_it_means() -> None:
    for rule in rules():
        assert rule["labels"]["severity"] in ("critical", "warning", "info")
        assert rule["annotations"]["summary"].endswith(".")
