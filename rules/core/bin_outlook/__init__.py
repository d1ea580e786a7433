"""When bins will be full: what hours add is learnt from their levels, and the chance is told, watched and put right. Pure."""
