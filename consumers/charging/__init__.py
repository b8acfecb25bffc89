"""How a charging session is read from events, in one place for billing, monitoring and alerting. Pure.

All three ask the same questions: which energy register does a sample belong to, which session does an event that
names none belong to, when did it happen. They must answer alike, so the answers stand here.
"""
