"""Updates over the air: what a bundle is, and what server and device say to each other about it. Pure."""
