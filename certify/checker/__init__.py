"""The trusted core: standard library only, integers only, imports nothing from the package."""
