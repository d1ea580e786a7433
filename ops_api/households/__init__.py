"""Households: joining by a code, sessions, who lives there, what is shared, my data.

What a resident reads of her home goes through :class:`ops_api.queries.resident.ResidentDb`, whose database
role sees her own homes only (docs/adr/016-household-isolation.md).
"""
