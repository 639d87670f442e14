"""The widgets of the lessons. Each shows what a function of another room computes."""
