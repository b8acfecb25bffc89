"""The servers that the gateway is measured against. Each is a program of its own."""
