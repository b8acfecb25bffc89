"""Who is told of alerts besides the topic: Alertmanagers and webhooks, through a queue in the database."""
