"""What was found out, shown to people: tables of predictions, the model's card."""
