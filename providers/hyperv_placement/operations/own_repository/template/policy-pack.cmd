@echo off
rem A policy pack: bin\pulumi up --policy-pack policy\run.cmd --policy-pack-config FILE.json
"%~dp0..\.venv\Scripts\python.exe" -u -P -m hyperv_placement.plugin.policy_pack %*
