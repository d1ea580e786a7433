"""One file per kind; ``devices.contract.kind.discover`` finds them."""
