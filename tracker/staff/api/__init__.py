"""What programs write in somebody's name, with a token: visits one by one, stations as a list. JSON in and out.

Everything goes through the actions that the screens use, with the same rules and the same history. Every write has an
`Idempotency-Key`: sent again, it gives what was written first. What is wrong comes back as RFC 9457 says. What goes in
and out is declared once, in parts; the views read and write by them, and OpenAPI describes them.
"""
