@echo off
rem The twin of bin/lab for Windows.
"%~dp0..\.venv\Scripts\python.exe" "%~dp0lab" %*
