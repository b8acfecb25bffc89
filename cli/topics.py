"""`ocpp-gateway topics`: the topics are code, and a command makes the log have them."""

from typing import Annotated

import msgspec
import typer

from cli.event_log import DEFAULT, Address, opened, run_quietly
from contract.topics import DAY, EVERY_TOPIC, Topic

topics = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)


@topics.command("apply")
def apply_topics(
    partitions: Annotated[
        int | None, typer.Option(min=1, max=10_000, help="Of topics created now; never changed later.")
    ] = None,
    replicas: Annotated[int, typer.Option(min=1, max=9, help="Of topics created now; Kafka only.")] = 1,
    event_log: Address = DEFAULT,
) -> None:
    """Create the topics that are missing, and set retention and compaction of those that are there."""
    wanted = [
        topic if partitions is None else msgspec.structs.replace(topic, partitions=partitions)
        for topic in EVERY_TOPIC.values()
    ]

    async def apply() -> None:
        async with opened(event_log, may_create=True) as log:
            done = await log.apply_topics(wanted, replicas)
        width = max(map(len, done))
        for name, what in done.items():
            typer.echo(f"{name.ljust(width)}  {what}")

    run_quietly(apply())


@topics.command("list")
def list_topics() -> None:
    """Print every topic with its partitions, how long it keeps records, and what stands in it."""
    width = max(map(len, EVERY_TOPIC))
    for topic in EVERY_TOPIC.values():
        typer.echo(
            f"{topic.name.ljust(width)}  {topic.partitions:>3} partitions  {_kept(topic).ljust(15)}  {topic.about}"
        )


def _kept(topic: Topic) -> str:
    if topic.compacted:
        return "newest of a key"
    days = topic.retention_seconds / DAY
    return f"{days:g} day{'' if days == 1 else 's'}"
