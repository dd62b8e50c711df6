"""A letter on its way: words, MIME, SMTP or sendmail."""
