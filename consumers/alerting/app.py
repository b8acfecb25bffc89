"""The wiring of the alerting: rules, engine, consumer, receivers. Read it first."""

from functools import partial

from consumers.alerting.consumer import Alerting
from consumers.alerting.engine import Engine
from consumers.alerting.ledger import Ledger
from consumers.alerting.metrics import AlertingMetrics
from consumers.alerting.outputs.alertmanager import Alertmanager
from consumers.alerting.outputs.receiver import Receiver
from consumers.alerting.outputs.sender import Clients, Sender
from consumers.alerting.outputs.webhook import Webhook
from consumers.alerting.reading import default_rules, read_rules
from consumers.alerting.rules import Rules
from consumers.alerting.settings import AlertingSettings
from consumers.alerting.uploads import Uploads
from consumers.runtime.program import Equipment, Program


def make(settings: AlertingSettings, equipment: Equipment) -> Program:
    """The consumer with its senders."""
    rules = rules_of(settings)
    clients = Clients()
    receivers = receivers_of(settings, equipment, clients)
    names = [receiver.name for receiver in receivers]
    metrics = AlertingMetrics(equipment.metrics, rules, names)
    uploads = Uploads(
        settings.alerting_log_upload_location, settings.alerting_log_uploads_per_hour, metrics.uploads
    )
    consumer = Alerting(Engine(rules), Ledger(names), uploads, metrics, equipment.now)
    sender = Sender(
        equipment.database,
        receivers,
        shards=lambda: consumer.shards,
        metrics=metrics,
        now=equipment.now,
        give_up_hours=settings.alerting_give_up_hours,
    )
    tasks = {receiver.name: partial(sender.tell_forever, receiver) for receiver in receivers}
    return Program(consumer, services=[clients], tasks={**tasks, "housekeeping": sender.keep_house})


def rules_of(settings: AlertingSettings) -> Rules:
    """The rules that hold; the settings have judged the file."""
    path = settings.alerting_rules
    return default_rules() if path is None else read_rules(path.read_text(encoding="utf-8"))


def receivers_of(settings: AlertingSettings, equipment: Equipment, clients: Clients) -> list[Receiver]:
    """Those that are told, by the settings."""
    timeout_seconds, secret = settings.alerting_send_timeout_seconds, settings.alerting_webhook_secret
    managers = [
        Alertmanager(
            clients,
            address,
            now=equipment.now,
            resolve_timeout_seconds=settings.alerting_resolve_timeout_seconds,
            timeout_seconds=timeout_seconds,
            page=settings.alerting_page,
        )
        for address in settings.alertmanagers
    ]
    hooks = [
        Webhook(
            clients,
            address,
            now=equipment.now,
            timeout_seconds=timeout_seconds,
            secret=None if secret is None else secret.get_secret_value(),
        )
        for address in settings.webhooks
    ]
    return [*managers, *hooks]
