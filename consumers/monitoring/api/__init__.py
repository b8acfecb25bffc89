"""The JSON API of the monitoring: what the fleet is like, for its page and for programs. Read `document` first."""
