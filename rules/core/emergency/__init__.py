"""The quickest way for an emergency vehicle to a place under present road conditions: a pure core.

``parameters`` say how fast, ``surface`` turns what is known of roads into paces, ``graph`` is the network as vehicles
of a kind may drive it, ``search`` finds ways, ``answer`` says them. docs/ops-tools.md.
"""
