"""The command line: a verb a file. Only here are flags read and names looked up in the registries."""
