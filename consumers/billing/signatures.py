"""Signed readings: untouched beside the record, and in it as far as OCPI has room."""

import base64

from consumers.billing.sessions.facts import Facts, Signed
from consumers.charging.samples import END
from contract.cdrs import SignedData, SignedValue
from contract.model import SignedReading

LONGEST_DATA, LONGEST_PLAIN, LONGEST_KEY, LONGEST_ENCODING = 5000, 512, 512, 36
OCMF = "OCMF|"


def signed_readings(facts: Facts) -> tuple[SignedReading, ...]:
    """As the station sent them."""
    return tuple(
        SignedReading(
            data=signed.data,
            encoding=signed.encoding or None,
            signing=signed.signing or None,
            public_key=signed.public_key or None,
        )
        for signed in facts.signed
    )


def signed_data(facts: Facts) -> SignedData | None:
    """For the record; None where nothing was signed, or nothing of it fits."""
    fitting = [signed for signed in facts.signed if 0 < len(signed.data) <= LONGEST_DATA]
    if not fitting:
        return None
    keys = [signed.public_key for signed in fitting if 0 < len(signed.public_key) <= LONGEST_KEY]
    encoding = next((signed.encoding for signed in fitting if signed.encoding), "")
    return SignedData(
        encoding_method=(encoding or ("OCMF" if _ocmf(fitting[0].data) else "unknown"))[:LONGEST_ENCODING],
        public_key=keys[0] if keys else None,
        signed_values=tuple(
            SignedValue(
                nature="End" if signed.context == END or (place and place == len(fitting) - 1) else "Start",
                plain_data=_plain(signed, facts),
                signed_data=signed.data,
            )
            for place, signed in enumerate(fitting)
        ),
    )


def _plain(signed: Signed, facts: Facts) -> str:
    """What was signed, where it can be seen; else the register that was read at that time."""
    if (text := _ocmf(signed.data)) is not None:
        payload = text.split("|")[1]
        if len(payload) <= LONGEST_PLAIN:
            return payload
    told = {reading.at_ms: reading.value for readings in facts.registers.values() for reading in readings}
    value = told.get(signed.at_ms)
    return "" if value is None else f"{value} Wh"


def _ocmf(data: str) -> str | None:
    """The OCMF text that signed data is, as it stands or in Base64 (OCPP 2.0.1, SignedMeterValueType)."""
    if data.startswith(OCMF):
        return data
    try:
        text = base64.b64decode(data, validate=True).decode()
    except ValueError:
        return None
    return text if text.startswith(OCMF) else None
