"""OCPP-J, sans-io: bytes in, a happening out; an intention in, bytes out. No clock, no future, no lock."""
