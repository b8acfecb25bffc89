"""The state of the fleet from its events, as a web page, a JSON API and metrics."""
