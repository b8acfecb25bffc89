"""Sessions from what stations say of transactions, of any OCPP version and in any order. Pure.

`facts` is what is known of one session, and how two such parts become one; `hearing` turns an event into facts;
`loose` is what a station said that names no session. `closing` says when a session ended whose end was not told,
`registers` how much energy its meter proves, `activity` when the car charged and when it only parked,
`assembly` makes the whole of it, and `flags` lists each guess that may have been made on the way.
"""
