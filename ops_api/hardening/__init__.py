"""What stands firm at the front door whoever knocks: deadlines, limits, certificates that are renewed (ADR 033).

``protocol`` closes connections that come or read too slowly, ``sources`` counts them by address, ``time_limit`` ends
answers that take too long, ``depth`` and ``request_limits`` refuse what is too deep or too long, ``tls`` reads a renewed
certificate. Headers are in ``web/headers.py``, the size of bodies in ``routers/body_limit.py``.
"""
