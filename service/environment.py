"""The environment variables that are ours: those with the prefix, without the ones that Kubernetes adds.

Kubernetes puts the address of each Service of a namespace into the environment of its pods (Kubernetes
documentation, "Discovering services", "Environment variables"). Of a Service named `ocpp-gateway` these begin with our
prefix, and of one named `ocpp` one has the name of a setting: `OCPP_PORT=tcp://10.96.7.1:9000`.
"""

import os
import re
from typing import Any

from pydantic.fields import FieldInfo
from pydantic_settings import EnvSettingsSource

PREFIX = "OCPP_"

_SERVICE_LINK = re.compile(
    r".+_SERVICE_HOST|.+_SERVICE_PORT(_.+)?|.+_PORT_\d+_(TCP|UDP|SCTP)(_(ADDR|PORT|PROTO))?"
)
_SERVICE_ADDRESS = ("tcp://", "udp://", "sctp://")


def is_service_link(name: str, value: str) -> bool:
    """Whether Kubernetes set this variable for a Service.

    The names are `<SERVICE>_SERVICE_HOST`, `<SERVICE>_SERVICE_PORT[_<PORT NAME>]` and
    `<SERVICE>_PORT_<NUMBER>_<PROTOCOL>[_<PART>]`; and `<SERVICE>_PORT` where the value is a URL.
    """
    name = name.upper()
    return _SERVICE_LINK.fullmatch(name) is not None or (
        name.endswith("_PORT") and value.startswith(_SERVICE_ADDRESS)
    )


def given_values() -> dict[str, str]:
    """The value of each variable of ours by its field. Names are compared without case, as the library does."""
    return {
        name.upper().removeprefix(PREFIX).lower(): value
        for name, value in sorted(os.environ.items())
        if name.upper().startswith(PREFIX) and not is_service_link(name, value)
    }


class Environment(EnvSettingsSource):
    """The library's source of values, without the variables of Services."""

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        """As the library says: the value (None where it is not set), its key, and whether it is JSON."""
        value, key, is_complex = super().get_field_value(field, field_name)
        if isinstance(value, str) and is_service_link(PREFIX + field_name, value):
            value = None
        return value, key, is_complex
