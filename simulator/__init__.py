"""Stations that behave like real ones: they boot, charge, keep what cannot be delivered, and obey commands.

Independent of the gateway on purpose. It shares no line with it, so that a misreading of OCPP in one
shows as a disagreement with the other. Read `fleet.py` first, then `station.py`.
"""
