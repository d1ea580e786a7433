"""What a device can be told to be like: one declaration from which everything else derives.

From the settings of :mod:`.declared` come the check of a value (:mod:`.check`), the JSON Schema (:mod:`.schema`), the page
docs/device-settings.md (:mod:`.reference`), the form of the fleet's pages and what the command line takes. Messages:
:mod:`.messages`. What a setting does on a device: :mod:`devices.agent.effects`.
"""
