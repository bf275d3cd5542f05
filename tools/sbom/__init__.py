"""`sbom.cdx.json`: what an operator's machine gets by set-up, in CycloneDX's form, with hashes and licences."""
