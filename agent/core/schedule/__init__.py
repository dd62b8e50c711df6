"""What is due and when: rhythms, duties, the locks they need, and the window from closing to opening."""
