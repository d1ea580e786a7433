"""Who is told what, when and how: rota, quiet hours, words, retries, signatures. Pure."""
