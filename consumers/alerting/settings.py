"""The settings of the alerting."""

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, ClassVar

from pydantic import AfterValidator, Field, FilePath, SecretStr, WithJsonSchema

from consumers.runtime.settings import ConsumerSettings, DatabaseUrl, database_of, internal_port_of
from eventlog.settings import Seconds
from service.process import Port
from service.settings import Fault

SCHEMES = ("http://", "https://")


def _http_addresses(text: str) -> str:
    given = [one.strip().rstrip("/") for one in text.split(",")]
    if not all(one.startswith(SCHEMES) and one not in ("http:/", "https:/") for one in given):
        raise ValueError("write http://host:9093, several with a comma between them")
    if len(set(given)) != len(given):
        raise ValueError("one stands there twice")
    return ",".join(given)


def _addresses(example: str) -> WithJsonSchema:
    return WithJsonSchema({"type": "string", "examples": [example]})


class AlertingSettings(ConsumerSettings):
    """Which rules hold, and who is told."""

    name: ClassVar[str] = "alerting"

    alerting_database: DatabaseUrl = database_of("alerting")
    alerting_internal_port: Port = internal_port_of("alerting", 9103)
    alerting_rules: FilePath | None = Field(
        None, description="The rules, a YAML file; the ones that are shipped where it is not set."
    )
    alerting_alertmanagers: (
        Annotated[str, AfterValidator(_http_addresses), _addresses("http://alertmanager:9093")] | None
    ) = Field(None, description="Alertmanagers that are told, each of a cluster; comma between them.")
    alerting_resolve_timeout_seconds: Seconds = Field(
        300,
        description="An Alertmanager takes an alert that it is not told of for so long to be over; it is told twice "
        "in that time.",
    )
    alerting_webhooks: (
        Annotated[str, AfterValidator(_http_addresses), _addresses("https://example.org/hooks/alerts")] | None
    ) = Field(None, description="Addresses to which alerts are posted as JSON; comma between them.")
    alerting_webhook_secret: SecretStr | None = Field(
        None, min_length=16, description="Key with which what is posted to webhooks is signed (HMAC-SHA-256)."
    )
    alerting_send_timeout_seconds: Seconds = Field(
        10, description="A receiver that has not answered by then has failed, and is tried again."
    )
    alerting_give_up_hours: int = Field(
        24,
        ge=1,
        le=720,
        description="The end of an alert that a receiver could not be told by then is dropped.",
    )
    alerting_page: Annotated[str, AfterValidator(_http_addresses), _addresses("http://host:9180")] | None = (
        Field(None, description="Address of the monitoring's page; alerts then link to their station.")
    )
    alerting_log_upload_location: str | None = Field(
        None,
        description="Where stations upload their log for rules with log_upload, like ftp://user@host/logs; none are "
        "asked where it is not set.",
    )
    alerting_log_uploads_per_hour: int = Field(
        5, ge=1, le=1000, description="At most so many log uploads are asked for, in each partition."
    )

    @property
    def alertmanagers(self) -> tuple[str, ...]:
        """The addresses of the Alertmanagers."""
        return _split(self.alerting_alertmanagers)

    @property
    def webhooks(self) -> tuple[str, ...]:
        """The addresses of the webhooks."""
        return _split(self.alerting_webhooks)

    def conflicts(self) -> Iterable[Fault]:
        yield from super().conflicts()
        if self.alerting_webhook_secret is not None and not self.webhooks:
            yield Fault("OCPP_ALERTING_WEBHOOK_SECRET", None, "set OCPP_ALERTING_WEBHOOKS too")
        if self.alerting_rules is not None:
            yield from _faults_in(self.alerting_rules)


def _faults_in(path: Path) -> Iterable[Fault]:
    """What is wrong with the rules, told at start with the rest of what is wrong."""
    # Not above: every command reads the settings, and few have to do with rules.
    from consumers.alerting.reading import read_rules  # noqa: PLC0415
    from consumers.alerting.yaml_nodes import Faults  # noqa: PLC0415

    try:
        read_rules(path.read_text(encoding="utf-8"))
    except Faults as faults:
        for fault in faults.faults:
            yield Fault("OCPP_ALERTING_RULES", str(path), str(fault))
    except (OSError, UnicodeDecodeError) as error:
        yield Fault("OCPP_ALERTING_RULES", str(path), str(error))


def _split(text: str | None) -> tuple[str, ...]:
    return tuple(text.split(",")) if text else ()
