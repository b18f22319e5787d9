"""What retrying cost, and what another policy would have cost: calls as data in, expected values out.

All but ``stored`` is pure: no Django, no database, no clock, no dice.
"""
