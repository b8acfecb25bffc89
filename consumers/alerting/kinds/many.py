"""Many stations at once: the kind of rule that counts what another rule sees, and speaks for all of them."""

from typing import Final

from consumers.alerting.kinds.kind import Count, Duration, Flag, Name, Parameters, Share

MINUTE: Final = 60_000

MANY: Final = "many"
"""The kind's name; it hears no events, `groups` judges it."""

ABOUT: Final = (
    "The condition of another rule begins at many stations of a site, vendor, firmware ... at once."
)
FOR_MS: Final = 2 * MINUTE
SUMMARY: Final = "{count} stations of {by} {group} at once: {of}"
SAYS: Final = ("count", "total", "by", "group", "of", "stations")


class Many(Parameters, frozen=True, kw_only=True):
    """`at_least` stations and `share` of all that share `by`, whose condition of the rule `of` began `within` that time.

    `because` narrows an outage to `ours` (the gateway went away) or the `station`. While the alert stands, those
    of the rule `of` wait, unless `suppress` is false.
    """

    of: Name
    by: Name = "fleet"
    at_least: Count = 10
    share: Share = 0.0
    within: Duration = 15 * MINUTE
    because: Name = "any"
    suppress: Flag = True


FLEET: Final = "fleet"
BY: Final = (FLEET, "site", "tenant", "vendor", "model", "firmware", "version")
BECAUSE: Final = ("any", "ours", "station")
