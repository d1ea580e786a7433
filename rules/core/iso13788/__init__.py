"""Surface condensation and mould risk after ISO 13788, and the moisture load of homes made comparable.

Formulas and figures are from secondary sources; the standard's text has not been read for this: say "after
ISO 13788", not "conforms to". Names of use that editions give to the classes are not printed: they differ.
"""
