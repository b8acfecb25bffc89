"""The settings of the monitoring."""

from collections.abc import Iterable
from typing import Annotated, ClassVar

from pydantic import AfterValidator, Field, SecretStr

from consumers.runtime.settings import ConsumerSettings, DatabaseUrl, database_of, internal_port_of
from service.hosts import is_loopback
from service.process import Port
from service.settings import Fault


def _http_address(url: str) -> str:
    if not url.startswith(("http://", "https://")):
        raise ValueError("write http://host:9100")
    return url.rstrip("/")


class MonitoringSettings(ConsumerSettings):
    """Where the page is, who may see it, and how long what is kept."""

    name: ClassVar[str] = "monitoring"

    monitoring_database: DatabaseUrl = database_of("monitoring")
    monitoring_internal_port: Port = internal_port_of("monitoring", 9102)
    monitoring_host: str = Field("127.0.0.1", description="Address of the page and its API.")
    monitoring_port: Port = Field(9180, description="Port of the page and its API; 0 takes a free one.")
    monitoring_token: SecretStr | None = Field(
        None,
        min_length=16,
        description="Token that the page and the API ask for. Without one they are open, and only to this machine.",
    )
    monitoring_command_api: Annotated[str, AfterValidator(_http_address)] | None = Field(
        None,
        description="The HTTP API of a gateway, like http://127.0.0.1:9100, to which commands are handed on; none: "
        "the page has no actions.",
    )
    monitoring_events: int = Field(
        100, ge=10, le=10_000, description="Recent events that are kept of each station."
    )
    monitoring_commands: int = Field(
        50, ge=10, le=10_000, description="Recent commands that are kept of each station."
    )
    monitoring_series_step_seconds: int = Field(
        30,
        ge=1,
        le=3600,
        description="Of the series of power and energy one point in so many seconds is kept.",
    )
    monitoring_series_hours: int = Field(
        72, ge=1, le=8760, description="Hours for which the series of power and energy are kept."
    )
    monitoring_timeline_days: int = Field(
        14, ge=1, le=400, description="Days for which it is kept when each connector was how."
    )
    monitoring_trend_days: int = Field(
        400,
        ge=32,
        le=4000,
        description="Days for which the fleet's trends are kept, by day; by hour 32 days.",
    )

    def conflicts(self) -> Iterable[Fault]:
        yield from super().conflicts()
        if self.monitoring_token is None and not is_loopback(self.monitoring_host):
            yield Fault(
                "OCPP_MONITORING_TOKEN, OCPP_MONITORING_HOST",
                None,
                "set a token, or bind the page to a loopback address",
            )
