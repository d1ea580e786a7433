"""Roads that are closed for a time, and what closing one does to the lorries: what is lost, later, longer, dearer.

Pure: closures, plans and networks in, values out. ``rules.closing`` keeps closures and notes.
"""
