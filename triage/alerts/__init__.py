"""Who gets told, when: conditions and rules, channels, and messages that go out once.

The clock calls ``evaluating.evaluate``, which looks at the rules, ``delivering.deliver``, which sends what is due, and
``history.forget_old``. ``conditions.CONDITIONS`` and ``channels.kinds.SENDERS`` say what a rule and a channel can be.
"""
