"""The laboratory: chips that answer byte for byte as their data sheets say, for devices without hardware."""
