"""From events and rules to alerts: raised, updated, resolved; for Alertmanager, webhooks and `alerts.v1`."""
