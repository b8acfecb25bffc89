"""The smallest consumer that notices everything: a record lost, taken in twice, or out of its order."""
