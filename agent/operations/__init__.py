"""One verb a module: gather through ports, decide with core, return one record."""
