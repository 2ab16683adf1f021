"""What the user wants no more (law 10), and taking people out (law 13)."""
