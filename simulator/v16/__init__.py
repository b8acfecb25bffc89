"""The dialect of OCPP 1.6J with its security extension."""
