"""What a process is: settings, logging, the internal port, signals, counters. No word of charging in it."""
