"""What a command costs on its way to its station and back: `python -m benchmarks.commands`.

Read `plan` first (what is measured, in which order), then `relaying` and `restoring` (one measurement each),
`backend` and `stations` (who asks, and who is asked), and `account` (that each command had its one result).
"""
