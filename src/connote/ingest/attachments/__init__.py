"""What files say: their text, and what they tell of themselves."""
