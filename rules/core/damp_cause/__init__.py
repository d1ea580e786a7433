"""Why a home is damp: too little heat, too little ventilation, too much moisture, or the building. Pure."""
