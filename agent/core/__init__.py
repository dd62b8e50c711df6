"""Pure judgement: values in, values out. No files, clocks, processes or logging in here."""
