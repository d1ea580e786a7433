"""Road networks: what a lorry may drive, and how a map becomes that.

Everything here is pure. ``network`` is the result, which routes are planned on; the other
modules lead there from what a map says. Files are read by ``rules/network_files``. See
``docs/networks.md``.
"""
