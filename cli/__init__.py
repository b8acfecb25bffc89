"""The program `ocpp-gateway`: one file per command, and `main`, which finds them. Here all is put together."""
