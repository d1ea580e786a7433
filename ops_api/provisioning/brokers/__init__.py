"""How brokers are told who may come in: one port (:mod:`ops_api.provisioning.ports`), a module for each way."""
