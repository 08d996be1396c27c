"""What a person does to secrets that exist: rotate them now, bring them back."""
