"""Stations in, events out; commands in, answers out. `app` is the wiring: read it first."""
