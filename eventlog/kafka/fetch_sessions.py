"""Fetch sessions (KIP-227) for aiokafka: a fetch names what has changed, and its answer what there is.

aiokafka names every partition of a client in each fetch, and reads an answer that names them all, in Python: of
twelve partitions, most of what a record costs is the eleven that had none. It speaks a version of the protocol that
has sessions, and does not open one. So its client's `send` is taken here, and nothing else: which partitions are
wanted, from where, and what is done with an answer stays aiokafka's.

A broker that grants no session, or speaks a version without, is asked for everything each time, as before.
"""

from collections import defaultdict
from typing import Any, NamedTuple

from aiokafka import AIOKafkaConsumer
from aiokafka.protocol.fetch import FetchRequest

FIRST_VERSION = 7
"""Of the fetch request, that has sessions."""
OPENING = 0
LAST_EPOCH = 2**31 - 1

Wanted = dict[tuple[str, int], tuple[int, int]]
"""Topic and partition: the offset to read from, and how many bytes at the most."""


class Session(NamedTuple):
    """What one broker knows of what one client wants. `epoch` counts its requests; the broker counts along."""

    id: int = 0
    epoch: int = OPENING
    known: Wanted = {}  # noqa: RUF012 never changed

    def granted(self, id_: int, known: Wanted) -> "Session":
        """The session as it is when a request has been answered; a new one where the broker grants none."""
        if id_ == 0:
            return Session()
        is_new = id_ != self.id or self.epoch == LAST_EPOCH
        return Session(id_, 1 if is_new else self.epoch + 1, known)


class SessionFetch(FetchRequest):
    """A fetch of everything that is wanted, as the next request of a session."""

    def __init__(self, whole: FetchRequest, session: Session) -> None:
        vars(self).update(vars(whole))
        self._session = session
        self.wanted: Wanted = {
            (topic, number): (offset, size)
            for topic, several in whole.topics
            for number, offset, size in several
        }

    def build(self, request_struct_class: Any) -> Any:
        """The request in the version that the broker speaks."""
        if request_struct_class.API_VERSION < FIRST_VERSION:
            return super().build(request_struct_class)
        session, wanted = self._session, self.wanted
        if session.epoch != OPENING:
            changed = [(at, want) for at, want in wanted.items() if session.known.get(at) != want]
            self._topics = _by_topic((topic, (number, *want)) for (topic, number), want in changed)
        built: Any = super().build(request_struct_class)
        built.session_id, built.session_epoch = session.id, session.epoch
        built.forgotten_topics_data = _by_topic(at for at in session.known if at not in wanted)
        return built


def keep_sessions(consumer: AIOKafkaConsumer) -> AIOKafkaConsumer:
    """Have this consumer, that has not started yet, fetch in a session with each broker."""
    client: Any = vars(consumer)["_client"]
    send_plainly = client.send
    sessions: dict[int, Session] = {}

    async def send(node_id: int, request: Any, **options: Any) -> Any:
        if type(request) is not FetchRequest:
            return await send_plainly(node_id, request, **options)
        session = sessions.get(node_id, Session())
        # Until it is answered nobody knows how far the broker counts: the next would open a new one in its place.
        sessions[node_id] = Session(session.id)
        fetch = SessionFetch(request, session)
        response = await send_plainly(node_id, fetch, **options)
        # A broker that has forgotten the session says so and gives nothing.
        if response.API_VERSION >= FIRST_VERSION and response.error_code == 0:
            sessions[node_id] = session.granted(response.session_id, fetch.wanted)
        return response

    client.send = send
    return consumer


def _by_topic(pairs: Any) -> list[tuple[str, list[Any]]]:
    found: dict[str, list[Any]] = defaultdict(list)
    for topic, each in pairs:
        found[topic].append(each)
    return list(found.items())
