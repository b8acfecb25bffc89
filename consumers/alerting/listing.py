"""The alerts that stand, as their consumer's database has them."""

from sqlalchemy import select

from consumers.alerting.alerts import Change
from consumers.alerting.ledger import fact_of
from consumers.alerting.tables import ALERTS
from consumers.runtime.database import Database
from contract.alerts import AlertFact


async def standing_alerts(database: Database) -> list[AlertFact]:
    """Those of all shards, each as its fact. Raises what `transience.is_transient` judges."""
    async with database.reading() as connection:
        alerts = (await connection.scalars(select(ALERTS.c.body))).all()
    return [fact_of(Change("raised", alert.raised_ms, alert)) for alert in alerts]
