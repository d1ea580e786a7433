"""One file per simulated chip; :mod:`firmware_sim.lab.bench` puts them on a board."""
