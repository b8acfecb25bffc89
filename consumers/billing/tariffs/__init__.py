"""What a session costs: tariffs in the model of OCPI 2.2.1, and the price of a metered session. Pure.

`model` is the Tariff object, `book` a file of them with whom they are for, `checking` what is wrong with it,
`choosing` the tariff of a session, `explaining` a tariff in words. `metering` is a session as it was measured,
`meter` its energy at any moment, `borders` where prices may change, `restrictions` which prices hold between two
borders, `pricing` what it comes to, `costs` how that is said in a charge detail record.

Two functions are what others need: `choosing.chosen(book, occasion) -> Tariff | None`, and
`pricing.price(session: MeteredSession, tariff: Tariff) -> PricedSession`.
"""
