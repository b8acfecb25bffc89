"""From the events of charging transactions to charge detail records with a price."""
