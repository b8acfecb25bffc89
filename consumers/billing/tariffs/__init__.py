"""What a session costs: tariffs in the model of OCPI 2.2.1, and the price of a metered session. Pure.

`model` is the Tariff object, `book` a file of them and whom they are for, `checking` what is wrong with one,
`choosing` the tariff of a session, `explaining` a tariff in words. `metering` is a session as it was measured,
`meter` its energy, power and current at any moment, `clock` what the clock on its wall shows. `restrictions` say when
a price holds, `stretches` are a session cut by them, `bill` what was used at which price, `pricing` what that
comes to, `periods` and `costs` how a charge detail record says it, `amounts` how it is rounded.

Two functions are what others need: `choosing.chosen(book, occasion) -> Tariff | None`, and
`pricing.price(session: MeteredSession, tariff: Tariff) -> PricedSession`.
"""
