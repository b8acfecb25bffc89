"""Where it is said: one port (`port.EventLog`) and two engines, Apache Kafka and one SQLite file."""
