"""Which idTokens may charge: the values of the compacted topic `ocpp.id-tokens.v1`, which backends feed.

The record's key is the token's text. OCPP compares idTokens without regard to case (1.6 §7.28
IdToken, 2.0.1 Part 2 IdTokenType), so gateways do: write keys as `folded` gives them, or the same
token under two keys would stand in two partitions, without an order. A tombstone makes the token unknown.
"""

from typing import Annotated

from msgspec import Meta

from contract.model import AuthorizationStatus, Languages, Moment, PersonalMessage, Priority, Value


class KnownToken(Value, frozen=True, kw_only=True):
    """What is known of the idToken in the record's key.

    From `expires_at` on an Accepted token is Expired. `stations` are the only ones at which it is accepted
    (elsewhere NotAtThisLocation); absent means all. `type` is its type in 2.x words: a 2.x station that
    names another means another token; absent means any. `group_id` is the group whose members may stop
    each other's transactions (parentIdTag, groupIdToken). `cache_seconds` is how long a station may keep
    the verdict, never beyond `expires_at`; absent leaves it to the station. Only 2.x stations are told the
    rest. `charging_priority` is from -9 to 9. `languages` are at most two, the preferred one first.
    `personal_message` is shown to the driver. All of it is told with a refusal too.
    """

    status: AuthorizationStatus
    type: str | None = None
    group_id: str | None = None
    expires_at: Moment | None = None
    stations: tuple[str, ...] | None = None
    cache_seconds: Annotated[int, Meta(ge=0)] | None = None
    charging_priority: Priority | None = None
    languages: Languages = ()
    personal_message: PersonalMessage | None = None


def folded(token: str) -> str:
    """The form in which tokens are compared, and the record's key."""
    return token.strip().casefold()
