"""Events in: separate programs that know only the contract and the event log, and each its own database."""
