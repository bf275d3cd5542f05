@echo off
rem The twin of bin/placement for Windows.
"%~dp0..\.venv\Scripts\python.exe" "%~dp0placement" %*
