"""What a crew is given of its round: each stop in words with the way to it, as a card for paper and as a track. Pure."""
