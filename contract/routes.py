"""What is written down of a command on its way: the values of `ocpp.routes.v1`. Internal to the gateways.

The topic is co-partitioned with the commands. Of each command it holds, in order, to whom it was given,
whether it came back, and how it ended; whoever routes the partition acts only on what it has read there.
So it does not matter how many routers have believed that a partition is theirs, or where one died: the
log's order decides, and everybody who reads it decides the same.

A record with the `ce_type` of a `CommandCompleted` is a result as it is to be published. The first one
that counts is the command's result; the router publishes it as it is.
"""

from hashlib import blake2b

from contract.model import Moment, Value

AFTER = "after"
"""Header of a router's own result: see `Assigned.after`. A result without it is the holder's, and counts."""


class Assigned(Value, frozen=True, kw_only=True, tag_field="kind", tag="assigned"):
    """The command is this connection's to run, and nobody else's until it is returned.

    `after` is how many notes of the command have counted before: a note that another has overtaken does not.
    """

    command: str
    after: int
    gateway: str
    connection: str


class Returned(Value, frozen=True, kw_only=True, tag_field="kind", tag="returned"):
    """From its gateway: this connection ended before anything of the command was sent."""

    command: str
    connection: str


class Carried(Value, frozen=True, kw_only=True, tag_field="kind", tag="carried"):
    """A command that stays open for long, whole: who takes over need not read back to its beginning.

    `request` is the value of its record at `offset` of the commands' partition. `read_to` is how far its writer
    had read the routes: what stands from there up to this note may have overtaken it.
    """

    command: str
    after: int
    read_to: int
    offset: int
    request: str
    asked_at: Moment
    gateway: str | None = None
    connection: str | None = None


class Settled(Value, frozen=True, kw_only=True, tag_field="kind", tag="settled"):
    """All is done for these: the results of `commands` are published, and the records at `offsets` are spent."""

    commands: tuple[str, ...] = ()
    offsets: tuple[int, ...] = ()


Note = Assigned | Returned | Carried | Settled


def command_key(station: str, command_id: str) -> str:
    """What tells a command from every other, also of another station: the id of its result event."""
    return blake2b(f"command\x1f{station}\x1f{command_id}".encode(), digest_size=16).hexdigest()
