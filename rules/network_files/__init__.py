"""Files that road networks come from: OpenStreetMap, OS Open Roads, registry files, surveys.

``read`` finds out which of them a file is. What is read is judged by ``rules/core/network``.
"""
