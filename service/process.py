"""The settings that every process has: where its operators look, and what it logs."""

from typing import Annotated

from pydantic import Field

from service.logging import Format, Level
from service.settings import Settings

Port = Annotated[int, Field(ge=0, le=65535)]


class ProcessSettings(Settings):
    """To be the base of a program's settings."""

    internal_host: str = Field("0.0.0.0", description="Address of the probes and metrics.")  # noqa: S104 - pods are probed from outside
    log_level: Level = Field("info", description="The least level that is logged.")
    log_format: Format = Field("auto", description="JSON lines or colours; auto: colours on a terminal.")
