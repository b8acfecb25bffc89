"""What all consumers share: batches in; state, positions and what is to be published in one transaction."""
