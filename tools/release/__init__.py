"""`make release`: the version's wheel and source archive, tried, with notes from CHANGELOG.md. Nothing is tagged, pushed or published."""
