"""What mails say: letters, from which text and HTML are made."""
